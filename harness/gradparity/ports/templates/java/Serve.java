import static protocol.Refusal.refuse;
import static protocol.Refusal.unsupported;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import protocol.Npy;
import protocol.Request;
import protocol.Server;
import protocol.Timing;
import protocol.Timing.Call;

/**
 * The plumbing between gradparity and MyNetwork.java. You need not open this file, nor those in protocol.
 *
 * <p>An array is a Java one here: double, double[] or double[][], or the same of float, int or byte. MyNetwork's
 * methods are called by name, as they may be of double or of float.
 */
final class Serve implements Server.Port {
    private static final Map<String, String> METHODS =
            Map.of("affine", "affine", "relu", "relu", "sigmoid", "sigmoid", "softmax_with_loss", "softmaxWithLoss");
    private static final List<String> LAYERS = List.of("affine", "relu", "sigmoid", "softmax_with_loss");
    private static final Class<?> REAL = method("relu", 2).getParameterTypes()[0].getComponentType().getComponentType();
    private static final String DTYPE = REAL == double.class ? "float64" : "float32";
    private static final Set<Class<?>> NUMBERS = Set.of(double.class, float.class, int.class, byte.class);

    /** A request, with its arrays as those of Java. */
    private record Given(Request request, Map<String, Object> arrays) {
        String field(String key) {
            return request.field(key);
        }

        Object real(String key) {
            return Serve.real(Double.parseDouble(field(key)));
        }

        /** The array of this name, of this Java type, and of this shape where one is given. */
        Object array(String name, Class<?> type, int... shape) {
            Object array = arrays.get(name);
            if (array == null) throw refuse("expected the array " + name + " in the request " + request.word());
            boolean fits = shape.length == 0 || List.of(box(shape)).equals(List.of(box(shapeOf(array))));
            if (array.getClass() != type || !fits) {
                String came = array.getClass().getSimpleName() + " " + List.of(box(shapeOf(array)));
                throw refuse("expected " + name + " to be " + type.getSimpleName() + " " + List.of(box(shape))
                        + ", came " + came);
            }
            return array;
        }
    }

    private record Images(byte[][] pixels, byte[] labels, double scale) {}

    private static final Class<?> VECTOR = REAL.arrayType();
    private static final Class<?> MATRIX = VECTOR.arrayType();

    private Map<String, Object> last = Map.of(); // the arrays that came last, to be given back by inputs
    private Object W; // of the loaded case: an array of matrices
    private Object b; // and one of vectors
    private String activation;
    private Object epsilon;
    private Object x;
    private int[] t;
    private final Map<String, Images> sets = new HashMap<>();

    private static Integer[] box(int[] numbers) {
        return IntStream.of(numbers).boxed().toArray(Integer[]::new);
    }

    // MyNetwork.

    /** The method of this name that takes this many arguments: others of that name are its author's. */
    private static Method method(String name, int count) {
        return Stream.of(MyNetwork.class.getDeclaredMethods())
                .filter(m -> m.getName().equals(name) && (count < 0 || m.getParameterCount() == count))
                .findFirst()
                .orElseThrow(() -> refuse("expected a method of MyNetwork.java, came " + name));
    }

    private static Object call(String name, Object... arguments) throws Exception {
        Method method = method(name, arguments.length);
        Object result = method.invoke(null, arguments);
        if (result == null && method.getReturnType() != void.class) throw refuse(name + " returned null");
        return result;
    }

    /** A result in words, such as {double, double[2][][], HashMap}. */
    private static String told(Object result) {
        if (result == null) return "null";
        if (result.getClass() == Object[].class) {
            return "{" + String.join(", ", Stream.of((Object[]) result).map(Serve::told).toList()) + "}";
        }
        String type = result.getClass().getSimpleName();
        if (result.getClass().isArray()) return type.replaceFirst("\\[", "[" + Array.getLength(result));
        return type.equals("Double") || type.equals("Float") ? type.toLowerCase() : type;
    }

    /** Whether it is of this type, and as long. */
    private static boolean fits(Object result, Object as) {
        if (result == null || result.getClass() != as.getClass()) return false;
        return !as.getClass().isArray() || Array.getLength(result) == Array.getLength(as);
    }

    private static boolean has(String... names) {
        return Stream.of(names).allMatch(MyNetwork.WRITTEN::contains);
    }

    private static void need(String name) {
        if (!has(name)) {
            throw unsupported(name + " is not written yet: fill it in in MyNetwork.java, and add it to WRITTEN there");
        }
    }

    private static Object real(double value) {
        return REAL == double.class ? (Object) value : (Object) (float) value;
    }

    // What travels.

    private static int[] shapeOf(Object array) {
        if (!array.getClass().isArray()) return new int[0];
        int rows = Array.getLength(array);
        if (!array.getClass().getComponentType().isArray()) return new int[] {rows};
        return new int[] {rows, rows == 0 ? 0 : Array.getLength(Array.get(array, 0))};
    }

    /** The type of its elements: double.class for 1.0, double[] and double[][]. */
    private static Class<?> elements(Object array) {
        Class<?> type = array.getClass();
        while (type.isArray()) type = type.getComponentType();
        return type == Double.class ? double.class : type == Float.class ? float.class : type;
    }

    private static Object ofJava(Npy array) {
        int[] shape = array.shape();
        if (shape.length == 0) return Array.get(array.data(), 0);
        if (shape.length == 1) return array.data();
        if (shape.length > 2) return array; // which nothing here takes
        Object[] rows = (Object[]) Array.newInstance(array.data().getClass().getComponentType(), shape);
        for (int i = 0; i < shape[0]; i++) System.arraycopy(array.data(), i * shape[1], rows[i], 0, shape[1]);
        return rows;
    }

    private static Npy packed(String name, Object array) {
        if (array == null || !NUMBERS.contains(elements(array))) {
            throw refuse("expected " + name + " to be numbers, came " + told(array));
        }
        if (array instanceof Object[] rows) {
            Set<String> lengths = new TreeSet<>();
            for (Object row : rows) lengths.add(row == null ? "null" : "" + Array.getLength(row));
            if (lengths.contains("null") || lengths.size() > 1) {
                throw refuse("expected the rows of " + name + " to be of one length, came " + lengths);
            }
        }
        int[] shape = shapeOf(array);
        if (shape.length == 1) return new Npy(shape, array);
        Object data = Array.newInstance(elements(array), IntStream.of(shape).reduce(1, (n, m) -> n * m));
        if (shape.length == 0) Array.set(data, 0, array);
        for (int i = 0; shape.length == 2 && i < shape[0]; i++) {
            System.arraycopy(Array.get(array, i), 0, data, i * shape[1], shape[1]);
        }
        return new Npy(shape, data);
    }

    // The operations.

    private static Map<String, Object> named(List<String> names, Object... arrays) {
        Map<String, Object> result = new LinkedHashMap<>();
        for (int i = 0; i < arrays.length; i++) result.put(names.get(i), arrays[i]);
        return result;
    }

    private static Map<String, Object> parameters(String prefix, Object W, Object b) {
        Map<String, Object> result = new LinkedHashMap<>();
        for (int l = 0; l < Array.getLength(W); l++) {
            result.put(prefix + "W" + (l + 1), Array.get(W, l));
            result.put(prefix + "b" + (l + 1), Array.get(b, l));
        }
        return result;
    }

    @Override
    public Map<String, String> hello() {
        MyNetwork.WRITTEN.forEach(name -> method(name, -1));
        List<String> layers = LAYERS.stream().filter(kind -> has(METHODS.get(kind))).toList();
        List<String> operations = new ArrayList<>(List.of("hello", "load"));
        if (!MyNetwork.WRITTEN.isEmpty()) operations.addAll(List.of("inputs", "null", "time"));
        if (!layers.isEmpty()) operations.add("layer");
        if (has("predict")) operations.addAll(List.of("predict", "accuracy"));
        if (has("gradient")) operations.add("gradient");
        if (has("sgd")) operations.add("update");
        if (has("predict", "gradient", "sgd")) operations.addAll(List.of("data", "train", "params", "evaluate"));
        return Map.of("name", "PORT_NAME", "language", "Java", "version", System.getProperty("java.version"), "blas",
                "none", "threads", "1", "dtypes", DTYPE, "layers", String.join(",", layers), "operations",
                String.join(",", operations), "optimizers", has("sgd") ? "sgd" : "", "epsilon", MyNetwork.EPSILON);
    }

    @Override
    public Map<String, Npy> answer(Request request) throws Exception {
        Map<String, Object> arrays = new LinkedHashMap<>();
        request.arrays().forEach((name, array) -> arrays.put(name, ofJava(array)));
        Map<String, Npy> reply = new LinkedHashMap<>();
        answer(new Given(request, arrays)).forEach((name, array) -> reply.put(name, packed(name, array)));
        return reply;
    }

    private Map<String, Object> answer(Given request) throws Exception {
        switch (request.request.word()) {
            case "load" -> load(request);
            case "layer" -> {
                List<String> names = resultsOf(request.field("kind"));
                Object made = layer(request).make();
                if (!(made instanceof Object[] results) || results.length != names.size()) {
                    throw refuse("expected {" + String.join(", ", names) + "}, came " + told(made));
                }
                return named(names, results);
            }
            case "inputs" -> {
                return last;
            }
            case "null" -> {
            }
            case "predict" -> {
                return Map.of("out", predict(x));
            }
            case "accuracy" -> {
                return Map.of("accuracy", accuracy(predict(x), t));
            }
            case "gradient" -> {
                Object[] results = gradient(x, t);
                Map<String, Object> named = named(List.of("loss"), results[0]);
                named.putAll(parameters("d", results[1], results[2]));
                return named;
            }
            case "time" -> {
                return Map.of("nanoseconds", time(request));
            }
            case "data" -> {
                byte[][] images = (byte[][]) request.array("images", byte[][].class);
                byte[] labels = (byte[]) request.array("labels", byte[].class, images.length);
                sets.put(request.field("set"), new Images(images, labels, Double.parseDouble(request.field("scale"))));
            }
            case "train" -> {
                return train(request);
            }
            case "params" -> {
                return parameters("", W, b);
            }
            case "evaluate" -> {
                Images set = images(request.field("set"));
                int[] rows = IntStream.range(0, set.labels.length).toArray();
                Object pixels = batch(set, rows);
                int[] labels = labels(set, rows);
                return named(
                        List.of("loss", "accuracy"), gradient(pixels, labels)[0], accuracy(predict(pixels), labels));
            }
            case "update" -> {
                Object rate = rate(request);
                Object p = request.array("p", MATRIX);
                sgd(p, request.array("dp", MATRIX, shapeOf(p)), rate);
                return Map.of("p", p);
            }
            default -> throw unsupported("no operation " + request.request.word());
        }
        return Map.of();
    }

    private static List<String> resultsOf(String kind) {
        return switch (kind) {
            case "affine" -> List.of("out", "dx", "dW", "db");
            case "softmax_with_loss" -> List.of("loss", "y", "dx");
            default -> List.of("out", "dx");
        };
    }

    private void load(Given request) {
        if (!request.field("dtype").equals(DTYPE)) throw unsupported("no " + request.field("dtype"));
        int[] sizes = Stream.of(request.field("sizes").split(",")).mapToInt(Integer::parseInt).toArray();
        int depth = sizes.length - 1;
        if (!MyNetwork.supports(sizes, request.field("activation"))) {
            throw unsupported("no such network: supports in MyNetwork.java says so");
        }
        Object weights = Array.newInstance(MATRIX, depth);
        Object biases = Array.newInstance(VECTOR, depth);
        for (int l = 0; l < depth; l++) {
            Array.set(weights, l, request.array("W" + (l + 1), MATRIX, sizes[l], sizes[l + 1]));
            Array.set(biases, l, request.array("b" + (l + 1), VECTOR, sizes[l + 1]));
        }
        x = request.array("x", MATRIX);
        t = labels(request.arrays.get("t"));
        W = weights;
        b = biases;
        activation = request.field("activation");
        epsilon = request.real("epsilon");
        last = request.arrays;
    }

    /** As numbers, from numbers or from one-hot rows. */
    private static int[] labels(Object t) {
        if (t instanceof int[] numbers) return numbers;
        int[] found = new int[Array.getLength(t)];
        for (int i = 0; i < found.length; i++) {
            while (Array.getDouble(Array.get(t, i), found[i]) == 0) found[i]++;
        }
        return found;
    }

    private Call layer(Given request) {
        String kind = request.field("kind");
        if (!METHODS.containsKey(kind)) throw unsupported("no layer " + kind);
        String name = METHODS.get(kind);
        need(name);
        Object x = request.array("x", MATRIX);
        int[] shape = shapeOf(x);
        last = request.arrays;
        if (kind.equals("affine")) {
            Object W = request.array("W", MATRIX);
            int outputs = shapeOf(W)[1];
            Object b = request.array("b", VECTOR, outputs);
            Object dout = request.array("dout", MATRIX, shape[0], outputs);
            return () -> call(name, x, W, b, dout);
        }
        if (kind.equals("softmax_with_loss")) {
            int[] t = labels(request.arrays.get("t"));
            Object epsilon = request.real("epsilon");
            return () -> call(name, x, t, epsilon);
        }
        Object dout = request.array("dout", MATRIX, shape);
        return () -> call(name, x, dout);
    }

    private Object predict(Object x) throws Exception {
        need("predict");
        if (W == null) throw refuse("expected a case to be loaded");
        return call("predict", W, b, activation, x);
    }

    private Object[] gradient(Object x, int[] t) throws Exception {
        need("gradient");
        if (W == null) throw refuse("expected a case to be loaded");
        Object result = call("gradient", W, b, activation, epsilon, x, t);
        Object[] as = {epsilon, W, b};
        boolean fits = result instanceof Object[] all && all.length == 3;
        for (int i = 0; fits && i < 3; i++) fits = fits(Array.get(result, i), as[i]);
        if (!fits) throw refuse("expected {loss, dW, db} to be " + told(as) + ", came " + told(result));
        return (Object[]) result;
    }

    private static double accuracy(Object out, int[] t) {
        int right = 0;
        for (int i = 0; i < t.length; i++) {
            Object row = Array.get(out, i);
            int best = 0;
            for (int j = 1; j < Array.getLength(row); j++) {
                if (Array.getDouble(row, j) > Array.getDouble(row, best)) best = j;
            }
            if (best == t[i]) right++;
        }
        return (double) right / t.length;
    }

    private Object rate(Given request) {
        String optimizer = request.field("optimizer");
        if (!optimizer.equals("sgd")) throw unsupported("no optimizer " + optimizer);
        need("sgd");
        return request.real("learning_rate");
    }

    private static void sgd(Object p, Object dp, Object rate) throws Exception {
        if (p instanceof Object[] rows) {
            for (int i = 0; i < rows.length; i++) sgd(rows[i], Array.get(dp, i), rate);
        } else {
            call("sgd", p, dp, rate);
        }
    }

    /** A gradient, and the update of every parameter; the loss. */
    private Object step(Object x, int[] t, Object rate) throws Exception {
        Object[] results = gradient(x, t);
        sgd(W, results[1], rate);
        sgd(b, results[2], rate);
        return results[0];
    }

    private static Object copy(Object array) {
        Object[] rows = ((Object[]) array).clone();
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] instanceof Object[] inner)
                rows[i] = copy(inner);
            else if (rows[i] instanceof double[] inner)
                rows[i] = inner.clone();
            else
                rows[i] = ((float[]) rows[i]).clone();
        }
        return rows;
    }

    private double[] time(Given request) throws Exception {
        String operation = request.field("operation");
        Object W = this.W;
        Object b = this.b;
        Call call = switch (operation) {
            case "null" -> () -> null;
            case "layer" -> layer(request);
            case "predict" -> () -> predict(x);
            case "gradient" -> () -> gradient(x, t);
            case "train_step" -> {
                Object rate = rate(request);
                this.W = copy(W);
                this.b = copy(b);
                yield() -> step(x, t, rate);
            }
            default -> throw unsupported("no operation " + operation + " to time");
        };
        try {
            return Timing.time(request.request, call);
        } finally {
            this.W = W;
            this.b = b;
        }
    }

    /** The set of this name, which must fit the loaded network. */
    private Images images(String name) {
        Images set = sets.get(name);
        int depth = W == null ? 0 : Array.getLength(W);
        boolean fits = set != null && depth > 0 && shapeOf(set.pixels)[1] == shapeOf(Array.get(W, 0))[0];
        for (int i = 0; fits && i < set.labels.length; i++)
            fits = (set.labels[i] & 0xff) < shapeOf(Array.get(W, depth - 1))[1];
        if (!fits) throw refuse("expected the set " + name + ", with images and labels that fit the loaded network");
        return set;
    }

    private static Object batch(Images set, int[] rows) {
        int inputs = shapeOf(set.pixels)[1];
        Object x = Array.newInstance(REAL, rows.length, inputs);
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] < 0 || rows[i] >= set.labels.length) throw refuse("expected rows of the set, came " + rows[i]);
            byte[] pixels = set.pixels[rows[i]];
            Object row = Array.get(x, i);
            for (int j = 0; j < inputs; j++) {
                if (row instanceof double[] a)
                    a[j] = (pixels[j] & 0xff) / set.scale;
                else
                    ((float[]) row)[j] = (pixels[j] & 0xff) / (float) set.scale;
            }
        }
        return x;
    }

    private static int[] labels(Images set, int[] rows) {
        return IntStream.of(rows).map(row -> set.labels[row] & 0xff).toArray();
    }

    private Map<String, Object> train(Given request) throws Exception {
        Object rate = rate(request);
        Images set = images("train");
        int[][] batches = (int[][]) request.array("batches", int[][].class);
        Object losses = Array.newInstance(REAL, batches.length);
        long begin = System.nanoTime();
        for (int i = 0; i < batches.length; i++) {
            Object x = batch(set, batches[i]);
            Array.set(losses, i, step(x, labels(set, batches[i]), rate));
        }
        return named(List.of("loss", "nanoseconds"), losses, (double) (System.nanoTime() - begin));
    }

    public static void main(String[] arguments) throws IOException {
        Server.serve(new Serve());
    }
}
