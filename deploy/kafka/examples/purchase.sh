#!/bin/sh
# Publish a purchase with the console producer that comes with Apache Kafka.
#
#   purchase.sh [BOOTSTRAP_SERVERS [TOPIC]]
#
# PRODUCER may be another command than kafka-console-producer.sh, such as, after `make run-kafka`,
# 'java -cp build/kafka/* org.apache.kafka.tools.ConsoleProducer'.
set -euf
bootstrap_servers=${1:-127.0.0.1:9092}
topic=${2:-conversions}
order_id=$(date +%s)-$$

# One event a line: the order id as key, a tab, and the event.
printf '%s\t%s\n' "$order_id" "$(tr -d '\n' <<JSON
{"event": "purchase",
 "event_id": "purchase-$order_id",
 "event_time": $(date +%s),
 "user": {"email": "jane@example.com", "phone": "+1 202 555 0123", "country": "US"},
 "order": {"order_id": "$order_id", "value": "59.90", "currency": "USD",
           "items": [{"id": "lamp-1", "price": "29.95", "quantity": 2}]},
 "page": {"url": "https://shop.example/thanks"}}
JSON
)" | ${PRODUCER:-kafka-console-producer.sh} --bootstrap-server "$bootstrap_servers" \
    --topic "$topic" --property parse.key=true --producer-property acks=all
echo "published purchase-$order_id to $topic"
