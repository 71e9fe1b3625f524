/** Telegram: what people write to a bot. */
@NullMarked
package dev.parley.ingest.provider.telegram;

import org.jspecify.annotations.NullMarked;
