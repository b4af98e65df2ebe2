import { describe, expect, it } from 'vitest'
import { findLinks } from '../../../src/actions/response/links.ts'

describe('findLinks()', () => {
  it('finds links in the order of the page, each once', () => {
    const html = `<a href="/a">A</a><A class=x HREF='/b?c=1&amp;d=2'>B</A><a href=/c>C</a><a href="/a">`
    expect(findLinks(html)).toEqual(['/a', '/b?c=1&d=2', '/c'])
  })
  it('does not look into comments, scripts and styles', () => {
    const html = `<!-- <a href="/no"> --><script>"<a href='/no'>"</script><a href="/yes">`
    expect(findLinks(html)).toEqual(['/yes'])
  })
  it('leaves out links without a target', () => {
    expect(findLinks('<a>no</a><a href="">no</a><abbr href="/no"><a data-href="/no">')).toEqual([])
  })
  it('is quick on a page of unclosed tags, and takes 500 links at most', () => {
    expect(findLinks('<a '.repeat(300_000))).toEqual([])
    const many = Array.from({ length: 900 }, (_, index) => `<a href="/${index}">`).join('')
    expect(findLinks(many)).toHaveLength(500)
  })
})
