// A custom pixel (Settings → Customer events), below the base codes of both platforms' pixels.
// The relay takes the order's id as event_id, and so does this.
analytics.subscribe('checkout_completed', (event) => {
  const { order, subtotalPrice, lineItems } = event.data.checkout;
  const eventId = String(order.id).split('/').pop();
  const { amount: value, currencyCode: currency } = subtotalPrice;
  pintrk('track', 'checkout', { event_id: eventId, order_id: eventId, value, currency });
  const contents = lineItems.map((line) => ({
    content_id: String(line.variant.product.id),
    quantity: line.quantity,
  }));
  ttq.track('Purchase', { value, currency, content_type: 'product', contents }, { event_id: eventId });
});
