import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { root: '/work/main/test', include: ['unit/**/*.test.ts'], testTimeout: 60000 } })
