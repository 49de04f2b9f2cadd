// Beside the base codes of Pinterest's tag and TikTok's pixel, on every page of the shop.

/** Keep TikTok's click id of the landing page until the order: its backend reads the cookie. */
function keepClickId() {
  const ttclid = new URLSearchParams(location.search).get('ttclid');
  if (/^[\w.-]+$/.test(ttclid ?? '')) {
    const days = 28;
    document.cookie = `ttclid=${ttclid}; max-age=${days * 86400}; path=/; secure; samesite=lax`;
  }
}

/** Report a purchase from the page that says thank you, with the event_id that the backend sends. */
function reportPurchase(order) {
  const eventId = `order-${order.id}`;
  pintrk('track', 'checkout', {
    event_id: eventId,
    order_id: order.id,
    value: order.value,
    currency: order.currency,
    order_quantity: order.items.reduce((sum, item) => sum + item.quantity, 0),
    line_items: order.items.map((item) => ({
      product_id: item.id,
      product_price: item.price,
      product_quantity: item.quantity,
    })),
  });
  ttq.track(
    'Purchase',
    {
      value: order.value,
      currency: order.currency,
      content_type: 'product',
      contents: order.items.map((item) => ({
        content_id: item.id,
        price: item.price,
        quantity: item.quantity,
      })),
    },
    { event_id: eventId },
  );
}
