// Publish a purchase with kafkajs (`npm install kafkajs`).
//
//   node purchase.mjs [BOOTSTRAP_SERVERS [TOPIC]]
//
// The key is free; the order id keeps all events of an order in one partition. Send the same
// `event_id` from the browser pixel, so that the platforms count the purchase once.
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

const [bootstrapServers = '127.0.0.1:9092', topic = 'conversions'] = process.argv.slice(2);
const orderId = randomUUID().slice(0, 12);
const purchase = {
  event: 'purchase',
  event_id: `purchase-${orderId}`,
  event_time: Math.floor(Date.now() / 1000),
  user: { email: 'jane@example.com', phone: '+1 202 555 0123', country: 'US' },
  order: {
    order_id: orderId,
    value: '59.90',
    currency: 'USD',
    items: [{ id: 'lamp-1', price: '29.95', quantity: 2 }],
  },
  page: { url: 'https://shop.example/thanks' },
};

const kafka = new kafkajs.Kafka({ clientId: 'shop', brokers: bootstrapServers.split(',') });
const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
});
await producer.connect();
try {
  await producer.send({
    topic,
    acks: -1,
    messages: [{ key: orderId, value: JSON.stringify(purchase) }],
  });
} finally {
  await producer.disconnect();
}
console.log(`published ${purchase.event_id} to ${topic}`);
