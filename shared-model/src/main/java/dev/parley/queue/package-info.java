/** The queue: {@code bot.job_queue}, its protocol and its only SQL. */
@NullMarked
package dev.parley.queue;

import org.jspecify.annotations.NullMarked;
