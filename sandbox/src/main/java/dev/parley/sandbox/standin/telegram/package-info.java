/** Telegram's Bot API on 127.0.0.1, for one bot, with its updates. */
@NullMarked
package dev.parley.sandbox.standin.telegram;

import org.jspecify.annotations.NullMarked;
