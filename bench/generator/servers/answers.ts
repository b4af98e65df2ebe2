/** What the servers of the benchmark say. `/private/` asks for the cookie of its login, `/open/` not. */

export const LOGIN = '{"user":{"id":"u1"},"cart":"c42"}'
export const PRODUCTS = JSON.stringify({
  items: Array.from({ length: 5 }, (_, index) => ({ sku: `S${index}`, price: 10 + index })),
})
export const SESSION_COOKIE = 'sid=a1b2c3d4; Path=/; HttpOnly'
