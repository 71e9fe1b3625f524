/** WhatsApp through Meta's Cloud API. */
@NullMarked
package dev.parley.work.adapter.whatsapp;

import org.jspecify.annotations.NullMarked;
