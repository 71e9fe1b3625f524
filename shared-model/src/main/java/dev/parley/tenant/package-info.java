/** Who a webhook or a job belongs to: {@code core.tenants} and {@code core.tenant_credentials}, and the only cipher. */
@NullMarked
package dev.parley.tenant;

import org.jspecify.annotations.NullMarked;
