/** Chatwoot: webhooks of an account, and those of an agent bot. */
@NullMarked
package dev.parley.ingest.provider.chatwoot;

import org.jspecify.annotations.NullMarked;
