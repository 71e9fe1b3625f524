/** The outbound side of Telegram: a bot's messages. */
@NullMarked
package dev.parley.work.adapter.telegram;

import org.jspecify.annotations.NullMarked;
