package dev.parley.queue;

/** The contract's word for what a job does, with the line it waits in. */
public record JobType(String name) {
    public static final JobType PROCESS_INBOUND_MESSAGE = new JobType("process_inbound_message");
    public static final JobType PROCESS_DELIVERY_STATUS = new JobType("process_delivery_status");
    public static final JobType SEND_OUTBOUND_MESSAGE = new JobType("send_outbound_message");
    public static final JobType FETCH_MEDIA = new JobType("fetch_media");

    @Override
    public String toString() {
        return name;
    }
}
