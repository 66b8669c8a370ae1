import protocol.Refusal;

/** Stands where nothing is yet. */
@SuppressWarnings("serial")
final class NotWritten extends Refusal {
    NotWritten(String function) {
        super("unsupported", function + " is not written yet");
    }
}
