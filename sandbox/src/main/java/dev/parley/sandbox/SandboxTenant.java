package dev.parley.sandbox;

import dev.parley.sandbox.standin.Location;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * A business that every sandbox has: a tenant in the database and a location in the GoHighLevel stand-in.
 *
 * @param slug how it is named in URLs
 * @param location its account at GoHighLevel; {@code settings.ghl.location_id} points there
 * @param timezone of its business hours
 */
public record SandboxTenant(String slug, Location location, String timezone) {
    public static final SandboxTenant DENTIST = new SandboxTenant(
            "sunrise-dental",
            Location.of("SunriseDental0000001", "Sunrise Dental", "+15550100001"),
            "America/New_York");

    public static final SandboxTenant YOGA = new SandboxTenant(
            "harbor-yoga", Location.of("HarborYoga0000000002", "Harbor Yoga", "+15550100002"), "America/Los_Angeles");

    public static final List<SandboxTenant> ALL = List.of(DENTIST, YOGA);

    public String name() {
        return location.name();
    }

    JsonObject settings() {
        return new JsonObject()
                .put("ghl", new JsonObject().put("location_id", location.id()))
                .put("timezone", timezone)
                .put(
                        "texts",
                        new JsonObject()
                                .put("business", name())
                                .put("greeting", "Hi {name}, this is {business}. How can we help you today?"));
    }
}
