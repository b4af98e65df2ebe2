/** The pages of the sample shop as HTML. */

import type { CartLine, Listed, Product } from './catalogue.ts'

export function homePage(bestSellers: readonly Listed[]): string {
  return page('A small shop', '<p>What others took home</p>' + listOf(bestSellers))
}

export function searchPage(words: string, found: readonly Listed[]): string {
  return page(`Results for ${escape(words)}`, listOf(found))
}

/** @param nextPage a page after this one, for those who may go on */
export function categoryPage(
  category: string,
  found: readonly Listed[],
  nextPage: number | undefined,
): string {
  const more = nextPage === undefined ? '' : `<p><a href="?page=${nextPage}">more</a></p>`
  return page(escape(category), listOf(found) + more)
}

export function productPage(product: Product): string {
  const reviews = product.reviews.map(
    ({ stars, text }) => `<li>${starsOf(stars)} ${escape(text)}</li>`,
  )
  return page(
    escape(product.name),
    `<p>${escape(product.description)}</p><p>${priceOf(product.priceCents)}, ` +
      `${product.stock} in stock, in <a href="/categories/${product.category}">` +
      `${escape(product.category)}</a></p><ul>${reviews.join('')}</ul>`,
  )
}

export function cartPage(lines: readonly CartLine[]): string {
  if (lines.length === 0) return page('Your cart', '<p>It is empty.</p>')
  const items = lines.map(
    (line) => `<li>${line.quantity} × ${escape(line.name)}, ${priceOf(line.priceCents)}</li>`,
  )
  const totalCents = lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0)
  return page('Your cart', `<ul>${items.join('')}</ul><p>${priceOf(totalCents)}</p>`)
}

export function missingPage(what: string): string {
  return page('Not here', `<p>This shop has no ${escape(what)}.</p>`)
}

function page(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>` +
    `<h1>${title}</h1><nav><a href="/">home</a> <a href="/cart">cart</a></nav>${body}</html>\n`
  )
}

function listOf(products: readonly Listed[]): string {
  const items = products.map(
    (product) =>
      `<li><a href="/products/${product.sku}">${escape(product.name)}</a> ` +
      `${priceOf(product.priceCents)}, ${product.stock} in stock, ` +
      `${starsOf(product.rating)} (${product.reviewCount}) <q>${escape(product.newestReview)}</q></li>`,
  )
  return `<ol>${items.join('')}</ol>`
}

function priceOf(cents: number): string {
  return `${(cents / 100).toFixed(2)} €`
}

function starsOf(rating: number): string {
  return `${rating.toFixed(1)} ★`
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
