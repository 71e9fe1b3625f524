/** The outbound side of Twilio: SMS and WhatsApp messages. */
@NullMarked
package dev.parley.work.adapter.twilio;

import org.jspecify.annotations.NullMarked;
