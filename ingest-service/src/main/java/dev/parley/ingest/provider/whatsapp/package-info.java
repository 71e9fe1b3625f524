/** WhatsApp as Meta itself offers it: the Cloud API. */
@NullMarked
package dev.parley.ingest.provider.whatsapp;

import org.jspecify.annotations.NullMarked;
