<?php
// Report a purchase to the relay from a shop's backend; needs PHP 8 with its curl extension.
//
//   RELAY_API_KEY=relay_… php purchase.php [ORDER_ID]
declare(strict_types=1);

const PROXIES = 1; // of your own, in front of the shop: each adds an address to X-Forwarded-For
const ATTEMPTS = 8;
const AGAIN = [0, 408, 429, 500, 502, 503, 504];
// 0 is no answer: the events may be stored, and sending them again is harmless.

/** Return what identifies the shopper's browser, from the request that placed the order. */
function visitor(array $server, array $cookies): array
{
    $forwarded = array_map('trim', explode(',', $server['HTTP_X_FORWARDED_FOR'] ?? ''));
    $proxied = isset($server['HTTP_X_FORWARDED_FOR']) && PROXIES > 0;
    $address = $proxied ? ($forwarded[count($forwarded) - PROXIES] ?? null) : null;
    return [
        'ip' => $address ?? $server['REMOTE_ADDR'],
        'user_agent' => $server['HTTP_USER_AGENT'] ?? null,
        'epik' => $cookies['_epik'] ?? null,
        'ttclid' => $cookies['ttclid'] ?? null,
        'ttp' => $cookies['_ttp'] ?? null,
    ];
}

/** Return the relay's answer once the events are on its disk; try again while that may help. */
function send(array $events): array
{
    $headers = ['Content-Type: application/json'];
    if (getenv('RELAY_API_KEY')) {
        $headers[] = 'Authorization: Bearer ' . getenv('RELAY_API_KEY');
    }
    for ($attempt = 0; $attempt < ATTEMPTS; $attempt++) {
        $wait = min(2 ** $attempt, 60);
        $request = curl_init((getenv('RELAY_URL') ?: 'http://127.0.0.1:8080') . '/v1/events');
        curl_setopt_array($request, [
            CURLOPT_POSTFIELDS => json_encode($events, JSON_THROW_ON_ERROR),
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 10,
            CURLOPT_HEADERFUNCTION => function ($request, string $line) use (&$wait): int {
                if (preg_match('/^retry-after:\s*(\d+)\s*$/i', $line, $found)) {
                    $wait = (int) $found[1];
                }
                return strlen($line);
            },
        ]);
        $body = (string) curl_exec($request);
        $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
        if ($status === 202) {
            return json_decode($body, true, flags: JSON_THROW_ON_ERROR);
        }
        if (!in_array($status, AGAIN, true)) {
            throw new RuntimeException("$status $body");
        }
        usleep((int) ($wait * 1_000_000 * (1 + mt_rand(0, 500) / 1000)));
    }
    throw new RuntimeException('the relay does not answer: keep the events, and send them later');
}

// The request of the shopper is made up: a shop hands over $_SERVER and $_COOKIE.
$server = [
    'REMOTE_ADDR' => '10.0.0.5',
    'HTTP_X_FORWARDED_FOR' => '198.51.100.1, 203.0.113.7', // what the shopper wrote, and what is so
    'HTTP_USER_AGENT' => 'Mozilla/5.0 (X11; Linux)',
];
$cookies = ['_epik' => 'dj0yJnU9abc', 'ttclid' => 'E.C.P.abc123', '_ttp' => '2Yg0vXv6bX3'];
$order_id = $argv[1] ?? '2004';
$answer = send([[
    'event' => 'purchase',
    'event_id' => "order-$order_id", // the browser's pixel sends the same
    'event_time' => time(),
    'user' => [
        ...visitor($server, $cookies),
        'email' => 'Jane@Example.com',
        'phone' => '+49 30 1234567',
        'external_id' => 'customer-7',
    ],
    'order' => [
        'order_id' => $order_id,
        'value' => '72.39', // before tax and shipping
        'currency' => 'EUR',
        'items' => [['id' => 'sku-1', 'price' => '24.13', 'quantity' => 3]],
    ],
    'page' => ['url' => 'https://shop.example/thanks'],
    'consent' => ['advertising' => true], // what the shopper chose in your banner
]]);
echo "accepted {$answer['accepted']}, rejected {$answer['rejected']}\n";
foreach ([...$answer['errors'], ...$answer['warnings']] as $problem) {
    fwrite(STDERR, "{$problem['path']}: {$problem['message']}\n");
}
