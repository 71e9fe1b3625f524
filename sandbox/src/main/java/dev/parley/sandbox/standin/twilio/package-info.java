/** Twilio on 127.0.0.1: its Messages resource with its refusals, and its signed webhooks. */
@NullMarked
package dev.parley.sandbox.standin.twilio;

import org.jspecify.annotations.NullMarked;
