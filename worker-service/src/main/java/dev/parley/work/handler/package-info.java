/** What jobs do: one class per job type. They decide in plain Java between one read and one write. */
@NullMarked
package dev.parley.work.handler;

import org.jspecify.annotations.NullMarked;
