/** Twilio: messages by SMS and WhatsApp, and what became of ours. */
@NullMarked
package dev.parley.ingest.provider.twilio;

import org.jspecify.annotations.NullMarked;
