/** What log lines about a job carry as fields. */
@NullMarked
package dev.parley.work.log;

import org.jspecify.annotations.NullMarked;
