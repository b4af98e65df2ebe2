import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareAnswers, exampleOf } from '../../../src/analysis/answers/compare.ts'
import { htmlParts } from '../../../src/analysis/answers/html.ts'
import { SAME_ANSWER } from '../../../src/core/answers.ts'
import { html } from './given.ts'

function between(first: string, other: string): ReturnType<typeof compareAnswers> {
  return compareAnswers(html(first), html(other))
}

describe('htmlParts()', () => {
  it('takes any text for some page', () => {
    const pieces = '< </ > <a b=" \' <!-- --> <script> </script> = & x'.split(' ')
    const piece = fc.oneof(fc.constantFrom(...pieces, ' '), fc.string({ maxLength: 5 }))
    fc.assert(
      fc.property(fc.array(piece), (parts) => {
        expect(htmlParts(parts.join('')).size).toBeLessThanOrEqual(parts.length * 5)
      }),
    )
  })
  it.each([
    ['brackets', '<'],
    ['open quotes', '<a b="'],
    ['two kinds of quotes', `<a b=' c="`],
    ['open tags', '<div>'],
    ['stray closing tags', '<div></p>'],
    ['comments', '<!--'],
    ['scripts', '<script>'],
    ['attributes', ' x='],
    ['references', '&#'],
  ])('is done with a page of nothing but %s', (_, piece) => {
    const page = `<p ${piece.repeat(Math.floor(1_000_000 / piece.length))}`
    expect(htmlParts(page).size).toBeGreaterThanOrEqual(1)
    expect(between(page, page)).toEqual(SAME_ANSWER)
  })
})

describe('compareAnswers() of pages', () => {
  it('says nothing of white space, comments, nonces, tokens and looks', () => {
    const first = `<!doctype html><html><head><title>Shop</title><!-- 12 ms -->
      <meta name="csrf-token" content="a8f9e0c1b2d3a4f5e6b7"><script nonce="x1" src="/app.3f2a1b9c.js"></script></head>
      <body class="a"><form action="/buy"><input type=hidden name=_csrf value="9f8e7d6c5b4a39281706"></form></body></html>`
    const other = `<!DOCTYPE html><html><head>
      <title> Shop
      </title><meta content="b1f9e0c1b2d3a4f5e6b8" name='csrf-token'><script nonce="y2" src="/app.77aa1b9c.js"></script></head>
      <body class="b" style="x"><form action="/buy"><input type="hidden" name="_csrf" value="0f8e7d6c5b4a39281707"></form>
      </body></html>`
    expect(between(first, other)).toEqual(SAME_ANSWER)
  })
  it('names the elements whose texts differ, so that a clock does not drown the prices', () => {
    const page = (clock: string, price: string): string =>
      `<h1>Chairs</h1><table><tr><td>Oak</td><td>${price}</td></tr></table><small>${clock}</small>`
    expect(between(page('10:00', '9.50'), page('10:01', '9.50')).paths).toEqual(['html:small'])
    expect(between(page('10:00', '9.50'), page('10:01', '0.00'))).toEqual({
      paths: ['html:small', 'html:td'],
      shapes: [],
    })
    expect(exampleOf(html(page('1', '9.50')), html(page('1', 'NaN')), 'html:td')).toEqual({
      baseline: '9.50',
      canary: 'NaN',
    })
    expect(between(page('1', '9.50'), page('1', 'NaN')).shapes).toEqual(['html:td'])
  })
  it('keeps the shape of a list with another row, but not of a page without its list', () => {
    const rows = (count: number): string => `<ul>${'<li>x</li>'.repeat(count)}</ul><p>end</p>`
    expect(between(rows(2), rows(3))).toEqual({
      paths: ['html:li', 'html:structure'],
      shapes: ['html:li'],
    })
    expect(between(rows(2), '<p>end</p>').shapes).toEqual(['html:li', 'html:structure'])
  })
  it('names links, fields, labels and what stands in scripts', () => {
    const first = `<a href="/a?x=1&amp;y=2">go</a><input name=q required><img alt="Oak" src="/i.png"><script>let a = 1</script>`
    expect(between(first, first.replace('/a?', '/b?')).paths).toEqual(['html:links'])
    expect(between(first, first.replace(' required', '')).paths).toEqual(['html:forms'])
    expect(between(first, first.replace('"Oak"', '"Ash"')).paths).toEqual(['html:labels'])
    expect(between(first, first.replace('i.png', 'j.png')).paths).toEqual(['html:assets'])
    expect(between(first, first.replace('a = 1', 'a = 2')).paths).toEqual(['html:script'])
    expect(between(first, first.replace('a = 1', '\n  a = 1')).paths).toEqual([])
    expect(between(first, first.replace('&amp;', '&#38;')).paths).toEqual([])
  })
  it('does not take a script that writes tags for tags', () => {
    const [first, other] = ['<script>"<p>x</p>"</script>', '<script>"<b>x</b>"</script>']
    expect(between(first, other).paths).toEqual(['html:script'])
  })
})
