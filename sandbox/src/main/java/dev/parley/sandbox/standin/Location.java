package dev.parley.sandbox.standin;

/**
 * One sub-account.
 *
 * @param id as GoHighLevel shows it: 20 letters and digits
 * @param phone the number its text messages leave from, E.164
 * @param email the address its e-mails leave from
 */
public record Location(String id, String name, String phone, String email) {
    public Location {
        if (!id.matches("[A-Za-z0-9]{10,40}")) {
            throw new IllegalArgumentException("location id must be 10 to 40 letters and digits: " + id);
        }
        if (!PhoneNumbers.isE164(phone)) {
            throw new IllegalArgumentException("location phone must look like +15559876543: " + phone);
        }
    }

    public static Location of(String id, String name, String phone) {
        return new Location(id, name, phone, "team@" + id.toLowerCase(java.util.Locale.ROOT) + ".example");
    }
}
