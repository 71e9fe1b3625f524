/** Contacts, conversations and the transcript: {@code bot.contacts}, {@code bot.conversations}, {@code bot.messages}. */
@NullMarked
package dev.parley.dialog;

import org.jspecify.annotations.NullMarked;
