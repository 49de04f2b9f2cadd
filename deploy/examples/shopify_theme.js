// In the theme, on every page: hands the click ids to the order, as attributes of the cart.
const cookies = new Map(
  document.cookie.split('; ').map((each) => [each.split('=')[0], each.slice(each.indexOf('=') + 1)]),
);
const attributes = {
  _epik: cookies.get('_epik'),
  _ttp: cookies.get('_ttp'),
  ttclid: new URLSearchParams(location.search).get('ttclid') ?? undefined,
};
if (Object.values(attributes).some(Boolean)) {
  fetch('/cart/update.js', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ attributes }),
  });
}
