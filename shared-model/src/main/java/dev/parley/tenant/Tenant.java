package dev.parley.tenant;

import org.jspecify.annotations.Nullable;

/**
 * One row of {@code core.tenants}.
 *
 * @param messagingAdapter name of the {@link dev.parley.spi.MessagingAdapter} that answers for this tenant; null = none
 * @param calendarAdapter name of the calendar adapter; null = none
 */
public record Tenant(
        TenantId id,
        String slug,
        String name,
        boolean enabled,
        @Nullable String messagingAdapter,
        @Nullable String calendarAdapter,
        Settings settings) {}
