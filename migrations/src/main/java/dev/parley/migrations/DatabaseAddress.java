package dev.parley.migrations;

import dev.parley.migrations.MigrationException.Reason;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where the database is, read from the URL that the services use too ({@code postgresql://host:port/name?options}).
 *
 * @param jdbcUrl the same place for JDBC, without user and password
 * @param user from the URL, null if it names none
 * @param password from the URL, null if it holds none
 */
record DatabaseAddress(
        String jdbcUrl, @Nullable String user, @Nullable String password) {

    /** @throws MigrationException with what is wrong; the URL is not repeated, it may hold a password */
    static DatabaseAddress parse(String url) {
        String plain = url.strip();
        if (plain.startsWith("jdbc:")) {
            plain = plain.substring("jdbc:".length());
        }
        if (!plain.startsWith("postgresql://") && !plain.startsWith("postgres://")) {
            throw malformed("it must begin with postgresql://");
        }
        URI uri;
        try {
            uri = new URI(plain);
        } catch (URISyntaxException e) {
            throw malformed(e.getReason());
        }
        String name = uri.getRawPath() == null ? "" : uri.getRawPath().replaceFirst("^/", "");
        if (uri.getHost() == null || name.isEmpty()) {
            throw malformed("it must name host and database: postgresql://host:5432/parley");
        }
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        String options = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        String[] login = uri.getRawUserInfo() == null
                ? new String[0]
                : uri.getRawUserInfo().split(":", 2);
        return new DatabaseAddress(
                "jdbc:postgresql://" + uri.getHost() + port + "/" + name + options,
                login.length > 0 ? decoded(login[0]) : null,
                login.length > 1 ? decoded(login[1]) : null);
    }

    /** Host, port and database for messages: no options, they may hold secrets too. */
    static String shown(String jdbcUrl) {
        return jdbcUrl.replaceFirst("^jdbc:postgresql://", "").replaceFirst("\\?.*$", "");
    }

    private static String decoded(String part) {
        // The decoder is made for forms, where + is a space.
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static MigrationException malformed(String why) {
        return new MigrationException(Reason.CONFIGURATION, "PARLEY_DB_URL is malformed: " + why);
    }
}
