/** The outbound side of GoHighLevel: messages, tokens, rate limits. Read {@code GhlMessaging} first. */
@NullMarked
package dev.parley.work.adapter.ghl;

import org.jspecify.annotations.NullMarked;
