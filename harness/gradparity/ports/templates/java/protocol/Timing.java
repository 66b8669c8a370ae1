package protocol;

/** How long calls take, by this port's own clock. */
public final class Timing {
    /** A call of what is yours, ready to be made any number of times. */
    public interface Call {
        Object make() throws Exception;
    }

    private Timing() {}

    /** Takes the samples that the request asks for, each the nanoseconds of its calls. */
    public static double[] time(Request request, Call call) throws Exception {
        double[] took = new double[Integer.parseInt(request.field("samples"))];
        int calls = Integer.parseInt(request.field("calls"));
        for (int i = 0; i < took.length; i++) {
            long begin = System.nanoTime();
            for (int k = 0; k < calls; k++) call.make();
            took[i] = System.nanoTime() - begin;
        }
        return took;
    }
}
