// Report a purchase to the relay from a shop's backend; needs nothing but Node 18.
//
//   RELAY_API_KEY=relay_… node purchase.mjs [ORDER_ID]
import { setTimeout as sleep } from 'node:timers/promises';
import { argv, env } from 'node:process';

const RELAY_URL = env.RELAY_URL ?? 'http://127.0.0.1:8080';
const PROXIES = 1; // of your own, in front of the shop: each adds an address to X-Forwarded-For
const ATTEMPTS = 8;
const AGAIN = new Set([408, 429, 500, 502, 503, 504]);

/** Return what identifies the shopper's browser, from the request that placed the order. */
export function visitor(headers, cookies, peer) {
  const forwarded = headers['x-forwarded-for']?.split(',').map((each) => each.trim()) ?? [];
  return {
    ip: PROXIES > 0 ? (forwarded.at(-PROXIES) ?? peer) : peer,
    user_agent: headers['user-agent'],
    epik: cookies._epik,
    ttclid: cookies.ttclid,
    ttp: cookies._ttp,
  };
}

/** Return the relay's answer once the events are on its disk; try again while that may help. */
export async function send(events) {
  const headers = { 'Content-Type': 'application/json' };
  if (env.RELAY_API_KEY) headers.Authorization = `Bearer ${env.RELAY_API_KEY}`;
  const body = JSON.stringify(events);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    let wait = Math.min(2 ** attempt, 60);
    try {
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch(`${RELAY_URL}/v1/events`, { method: 'POST', headers, body, signal });
      if (answer.ok) return await answer.json();
      if (!AGAIN.has(answer.status)) {
        throw new Error(`${answer.status} ${await answer.text()}`, { cause: 'refused' });
      }
      const after = answer.headers.get('Retry-After') ?? '';
      if (/^\d+$/.test(after)) wait = Number(after);
    } catch (error) {
      if (error.cause === 'refused') throw error;
      // No answer: the events may be stored, and sending them again is harmless.
    }
    await sleep(wait * 1000 * (1 + Math.random() / 2));
  }
  throw new Error('the relay does not answer: keep the events, and send them later');
}

// The request of the shopper is made up.
const [orderId = '2003'] = argv.slice(2);
const headers = {
  'user-agent': 'Mozilla/5.0 (X11; Linux)',
  'x-forwarded-for': '198.51.100.1, 203.0.113.7', // what the shopper wrote, and what is so
};
const cookies = { _epik: 'dj0yJnU9abc', ttclid: 'E.C.P.abc123', _ttp: '2Yg0vXv6bX3' };
const purchase = {
  event: 'purchase',
  event_id: `order-${orderId}`, // the browser's pixel sends the same
  event_time: Math.floor(Date.now() / 1000),
  user: {
    ...visitor(headers, cookies, '10.0.0.5'),
    email: 'Jane@Example.com',
    phone: '+49 30 1234567',
    external_id: 'customer-7',
  },
  order: {
    order_id: orderId,
    value: '72.39', // before tax and shipping
    currency: 'EUR',
    items: [{ id: 'sku-1', price: '24.13', quantity: 3 }],
  },
  page: { url: 'https://shop.example/thanks' },
  consent: { advertising: true }, // what the shopper chose in your banner
};
const answer = await send([purchase]);
console.log(`accepted ${answer.accepted}, rejected ${answer.rejected}`);
for (const { path, message } of [...answer.errors, ...answer.warnings]) {
  console.error(`${path}: ${message}`);
}
