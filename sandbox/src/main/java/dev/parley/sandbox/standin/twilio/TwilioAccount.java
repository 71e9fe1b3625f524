package dev.parley.sandbox.standin.twilio;

import dev.parley.tenant.Secret;
import java.util.Map;
import java.util.Set;

/**
 * The one account that the stand-in has.
 *
 * @param sid {@code AC} and 32 hex digits
 * @param authToken signs webhooks, and is the password to the user {@code sid}
 * @param apiKeys secrets by key SID: the other way to log in
 * @param numbers that it may send from, WhatsApp senders as {@code whatsapp:+…}
 * @param services Messaging Services by SID, each with the number that it sends from
 */
public record TwilioAccount(
        String sid, Secret authToken, Map<String, Secret> apiKeys, Set<String> numbers, Map<String, String> services) {
    public TwilioAccount {
        apiKeys = Map.copyOf(apiKeys);
        numbers = Set.copyOf(numbers);
        services = Map.copyOf(services);
        if (!sid.matches("AC[0-9a-f]{32}")) {
            throw new IllegalArgumentException("an account SID is AC and 32 hex digits");
        }
    }

    public static TwilioAccount of(String sid, String authToken, String... numbers) {
        return new TwilioAccount(sid, Secret.of(authToken), Map.of(), Set.of(numbers), Map.of());
    }
}
