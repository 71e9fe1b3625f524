/** The inbox: {@code bot.inbound_events}, one row for each fact a provider told us, stored once. */
@NullMarked
package dev.parley.inbound;

import org.jspecify.annotations.NullMarked;
