/** HTML that is safe to send: `html`, `breakable` and `lines` escape every text put into it. */
export class Html {
  constructor(readonly source: string) {}
}

type Value = Html | string | false | undefined | readonly (Html | string)[]

/** A template tag that escapes texts and keeps Html. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(source)))
}

function source(value: Value): string {
  if (value instanceof Html) return value.source
  if (typeof value === 'string') return escaped(value)
  return value ? value.map(source).join('') : ''
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}

/** Characters of a word that is left whole: it fits on a line of any phone, behind an indent. */
const WORD = 20

/** A text whose long words may break after "/", "_" and punctuation, or after 34 characters, as phones need. */
export function breakable(text: string): Html {
  const words = text.split(/(\s+)/).map((word) => {
    if (word.length <= WORD) return escaped(word)
    const pieces = word.match(/[^/_.,:;=&?-]{0,34}[/_.,:;=&?-]+|[^/_.,:;=&?-]{1,34}/gu) ?? [word]
    return pieces.map(escaped).join('<wbr>')
  })
  return new Html(words.join(''))
}

/** Lines that keep their indentation. */
export function lines(all: readonly string[]): Html {
  const written = all.map((line) => {
    const indent = /^ */.exec(line)?.[0].length ?? 0
    return '\u00a0'.repeat(indent) + breakable(line.slice(indent)).source
  })
  return new Html(written.join('<br>'))
}

/** Colours in light and dark. A test demands a contrast of 4.5:1 between text and background. */
export const PALETTE = {
  page: ['#f1f3f6', '#101216'],
  card: ['#ffffff', '#1a1d22'],
  rule: ['#d5dae1', '#3a4049'],
  ink: ['#1b1f24', '#e8eaed'],
  quiet: ['#57606a', '#a8b0bb'],
  failed: ['#b3261e', '#ff8a7a'],
  done: ['#1a7331', '#7fd18b'],
  link: ['#0b57d0', '#8ab4f8'],
  error: ['#7a1c12', '#ffb4a8'],
  errorFill: ['#fdeeec', '#2f1f1e'],
  codeFill: ['#f1f3f6', '#262b32'],
  warning: ['#7a4100', '#ffcf8a'],
  buttonInk: ['#ffffff', '#101418'],
  button: ['#0b57d0', '#8ab4f8'],
} as const

const SANS = "font-family:'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = "font-family:Consolas,Menlo,'Courier New',monospace;font-size:13px"
const BREAK = 'overflow-wrap:anywhere;word-break:break-word'

/** The look of every element and class, written into the elements; SHEET has the dark colours. */
const STYLES: Readonly<Record<string, string>> = {
  body: 'margin:0;padding:0;background-color:$page',
  '.hidden': 'display:none;max-height:0;overflow:hidden',
  '.page': `width:100%;background-color:$page;${SANS}`,
  '.outside': 'padding:12px 8px',
  '.mail': 'width:100%;max-width:640px',
  '.card': `padding:18px 16px;background-color:$card;border:1px solid $rule;border-radius:8px;${BREAK}`,
  '.failed-edge': 'border-top:4px solid $failed',
  '.done-edge': 'border-top:4px solid $done',
  '.gap': 'line-height:12px;font-size:12px;mso-line-height-rule:exactly',
  '.rule': 'border-top:1px solid $rule;padding:14px 0 0',
  '.verdict': 'margin:0 0 4px;font-size:13px;font-weight:bold;letter-spacing:.04em',
  h1: 'margin:0 0 8px;font-size:21px;line-height:1.25;color:$ink',
  h2: 'margin:0 0 6px;font-size:16px;line-height:1.35;color:$ink',
  h3: 'margin:16px 0 4px;font-size:15px;line-height:1.4;color:$ink',
  p: 'margin:0 0 8px;font-size:15px;line-height:1.45;color:$ink',
  '.small': 'font-size:13px',
  '.wide': 'width:100%',
  '.rows': 'margin:6px 0 10px',
  '.cell':
    'padding:3px 10px 3px 0;font-size:14px;line-height:1.4;text-align:left;vertical-align:top;font-weight:normal;color:$ink',
  '.whole': 'white-space:nowrap',
  '.row': 'padding:3px 0;font-size:14px;line-height:1.4;color:$ink',
  '.number': 'white-space:nowrap;padding:0 8px 8px 0;font-size:15px;line-height:1.45;vertical-align:top;color:$ink',
  '.step': 'width:100%;padding:0 0 8px;font-size:15px;line-height:1.45;color:$ink',
  '.error': `padding:9px 12px;background-color:$errorFill;color:$error;border-left:3px solid $failed;${MONO};line-height:1.45;${BREAK}`,
  '.code': `padding:9px 12px;background-color:$codeFill;color:$ink;${MONO};line-height:1.45;${BREAK}`,
  '.space': 'margin:0;line-height:8px;font-size:8px;mso-line-height-rule:exactly',
  '.button': 'padding:11px 20px;background-color:$button;border-radius:6px',
  '.label': 'color:$buttonInk;font-size:15px;font-weight:bold;text-decoration:none',
  '.link': 'color:$link',
  '.foot': 'padding:12px 16px',
  '.quiet': 'color:$quiet',
  '.failed': 'color:$failed',
  '.done': 'color:$done',
  '.warning': 'color:$warning;font-weight:bold',
}

/** Writes the styles into the elements. A class stays only if SHEET needs it. */
export function styled(page: Html): string {
  return page.source
    .replace(/<(\w+)(?: class="([^"]*)")?(?=[ >])/g, (_, name: string, names = '') => {
      const classes: string[] = names.split(' ').filter(Boolean)
      const own = [name, ...classes.map((each) => `.${each}`)].flatMap((selector) => STYLES[selector] ?? [])
      const dark = classes.filter((each) => STYLES[`.${each}`]?.includes('$'))
      const kept = dark.length > 0 ? ` class="${dark.join(' ')}"` : ''
      return `<${name}${kept}${own.length > 0 ? ` style="${coloured(merged(own.join(';')), 0)}"` : ''}`
    })
    .replace(/\n{2,}/g, '\n')
}

/** Keeps the last declaration of each property. */
function merged(style: string): string {
  const declarations = style.split(';').map((each) => [each.slice(0, each.indexOf(':')), each] as const)
  return [...new Map(declarations).values()].join(';')
}

function coloured(style: string, scheme: 0 | 1): string {
  return style.replace(/\$(\w+)/g, (_, name: keyof typeof PALETTE) => PALETTE[name][scheme]).replaceAll('"', "'")
}

/** For mail programs that keep a style sheet: dark colours, and Apple's own links look like text. */
export const SHEET =
  new Html(`a[x-apple-data-detectors] { color: inherit !important; text-decoration: none !important; }
  @media (prefers-color-scheme: dark) {
${Object.entries(STYLES)
  .filter(([, style]) => style.includes('$'))
  .map(([selector, style]) => {
    const colours = style.split(';').filter((each) => each.includes('$'))
    return `    ${selector} { ${colours.map((each) => `${coloured(each, 1)} !important`).join('; ')} }`
  })
  .join('\n')}
  }`)
