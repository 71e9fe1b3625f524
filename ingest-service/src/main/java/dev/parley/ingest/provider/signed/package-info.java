/** Webhooks that a tenant describes in its settings: Stripe, GitHub, Slack, Shopify, and the next one without code. */
@NullMarked
package dev.parley.ingest.provider.signed;

import org.jspecify.annotations.NullMarked;
