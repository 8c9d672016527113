import { HtmlValidate } from 'html-validate'

const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:recommended', 'html-validate:a11y'],
  rules: {
    // Mail clients strip style sheets.
    'no-inline-style': 'off',
    'doctype-style': 'off',
    // Outlook's Word engine knows cell spacing, alignment and width by their attributes only.
    'no-deprecated-attr': 'off',
    // The subject's length is tested by itself, and errors hold white space of any kind.
    'long-title': 'off',
    'no-trailing-whitespace': 'off',
  },
})

/** What a validator finds wrong with the HTML of a mail, for browsers and for screen readers. */
export function faults(html: string): readonly string[] {
  const { results } = validator.validateStringSync(html)
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`))
}

/** The elements that a mail's HTML has, in their order. */
export function elements(html: string): readonly string[] {
  return [...html.matchAll(/<([a-z][a-z0-9]*)[\s>]/g)].map(([, name = '']) => name)
}

export function links(html: string): readonly string[] {
  return [...html.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => decoded(link))
}

/** What a reader sees of the body, without white space. */
export function visible(html: string): string {
  const body = html.slice(html.indexOf('<body')).replace(/<div style="display:none.*?<\/div>/, '')
  return decoded(body.replace(/<[^>]*>/g, '')).replace(/\s/g, '')
}

function decoded(text: string): string {
  return text
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
