import { expect, test } from 'vitest'
import { CASES, mailOfCase } from '../support/cases.js'

// The mails as people get them, to be read; `npm run mails` writes them anew.
test.each(Object.entries(CASES))('the mail of "%s" is the one in test/mails', async (name, each) => {
  const { subject, text, html } = mailOfCase(each)
  const file = `../mails/${name.replaceAll(/\W+/g, '-')}`
  await expect(`Subject: ${subject}\n\n${text}`).toMatchFileSnapshot(`${file}.txt`)
  await expect(html).toMatchFileSnapshot(`${file}.html`)
})
