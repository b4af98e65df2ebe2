import { describe, expect, it } from 'vitest'
import { findFormField, formFieldsOf } from '../../../src/actions/response/form-field.ts'

describe('formFieldsOf()', () => {
  it('reads what can be chosen and what is typed, ticked or not', () => {
    const html = `<form action="/a?b=1"><input name="u"><input type="Password" name="p">
      <input type="checkbox" name="on" value="1"><select name="s"><option>x<option value="y"></select></form>
      <button name="b" value="out">`
    const fields = formFieldsOf(html)
    expect(fields.map(({ name, value, choices }) => [name, value, choices])).toEqual([
      ['u', '', []],
      ['p', '', []],
      ['on', undefined, ['1']],
      ['s', 'x', ['x', 'y']],
      ['b', 'out', []],
    ])
    expect(fields.map(({ isTyped, isPassword }) => [isTyped, isPassword])).toEqual([
      [true, false],
      [true, true],
      [false, false],
      [false, false],
      [false, false],
    ])
    expect(fields.map(({ form }) => form?.action)).toEqual(['/a', '/a', '/a', '/a', undefined])
  })
})

describe('findFormField()', () => {
  it('finds the form by id, name, action or another field of it', () => {
    const html = `<form id="i"><input name="a" value="1"></form><form name="n"><input name="a" value="2">
      </form><form action="/x?y"><input name="a" value="3"></form>
      <form><input name="a" value="4"><button name="go"></form>`
    expect(['i', 'n', '/x', 'go', 'none'].map((form) => findFormField(html, 'a', form))).toEqual([
      '1',
      '2',
      '3',
      '4',
      undefined,
    ])
  })

  it('finds nothing where there is nothing', () => {
    expect(findFormField('', 'a')).toBeUndefined()
    expect(findFormField('{"a":1}', 'a')).toBeUndefined()
    expect(findFormField('<p name="a" value="1">', 'a')).toBeUndefined()
    expect(findFormField('<inputs name="a" value="1">', 'a')).toBeUndefined()
    expect(findFormField('<input name="a" value="1"', 'a')).toBeUndefined()
  })

  it.each([
    ['<input type="hidden" name="a" value="x&amp;y&quot;">', 'x&y"'],
    ["<INPUT NAME='a' VALUE='1>2'/>", '1>2'],
    ['<input value="<b>" name=a>', '<b>'],
    ['<input name="a">', ''],
    ['<input name="b" value="no"><input\n name="a" value="yes">', 'yes'],
    ['<input type=radio name=a value=1><input type=radio name=a value=2 checked>', '2'],
    ['<input type="checkbox" name="a" checked>', 'on'],
    ['<textarea name="a">\n<b>x</b> &lt;y</textarea>', '<b>x</b> <y'],
    ['<select name="a"><option value="1">one<option value="2" selected>two</select>', '2'],
    ['<select name="a"><option>one</option><option>two</option></select>', 'one'],
  ])('reads %s', (html, value) => {
    expect(findFormField(html, 'a')).toBe(value)
  })

  it('skips comments, scripts and unchecked boxes', () => {
    const html = `<!-- <input name="a" value="old"> -->
      <script>'<input name="a" value="js">'</script>
      <input type="checkbox" name="a" value="box"><input name="a" value="real">`
    expect(findFormField(html, 'a')).toBe('real')
  })

  it('takes the name as it is, not as a pattern', () => {
    expect(findFormField('<input name="a[b].c" value="1">', 'a[b].c')).toBe('1')
    expect(findFormField('<input name="axb" value="1">', 'a.b')).toBeUndefined()
  })

  it('stays quick on pages of unclosed tags', () => {
    const pages = [
      '<div>',
      '<input ',
      '<input name="',
      '<select name="a">',
      '<!--',
      '<script>',
    ].map((part) => part.repeat(50_000))
    pages.push(`<select name="a">${'<option '.repeat(3000)}`.repeat(20))
    const startedAt = process.cpuUsage()
    for (const page of pages) findFormField(page, 'a')
    expect(process.cpuUsage(startedAt).user / 1000).toBeLessThan(2000)
  })
})
