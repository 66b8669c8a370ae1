import static protocol.Refusal.refuse;
import static protocol.Refusal.unsupported;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
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
 * <p>An array is a Java one here: double, double[] or double[][], or the same of float, int or byte; images are an
 * NDArray. MyNetwork's methods are called by name, as they may be of double or of float.
 */
final class Serve implements Server.Port {
    /** The kinds of layers, and their results. */
    private static final Map<String, List<String>> LAYERS = new LinkedHashMap<>();

    static {
        LAYERS.put("affine", List.of("out", "dx", "dW", "db"));
        LAYERS.put("relu", List.of("out", "dx"));
        LAYERS.put("sigmoid", List.of("out", "dx"));
        LAYERS.put("softmax_with_loss", List.of("loss", "y", "dx"));
        LAYERS.put("tanh", List.of("out", "dx"));
        LAYERS.put("squared_error", List.of("loss", "dx"));
        LAYERS.put("batch_norm", List.of("out", "running_mean", "running_var", "dx", "dgamma", "dbeta"));
        LAYERS.put("dropout", List.of("out", "dx"));
        LAYERS.put("convolution", List.of("out", "dx", "dW", "db"));
        LAYERS.put("max_pooling", List.of("out", "dx"));
    }

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

        int count(String key) {
            return Integer.parseInt(field(key));
        }

        Object any(String name) {
            Object array = arrays.get(name);
            if (array == null) throw refuse("expected the array " + name + " in the request " + request.word());
            return array;
        }

        /** The array of this name as it came. */
        Npy npy(String name) {
            any(name);
            return request.arrays().get(name);
        }

        /** The array of this name as rows, also of images; and kept so for inputs. */
        Object rows(String name) {
            if (!(any(name) instanceof Npy images)) return array(name, MATRIX);
            if (images.data().getClass() != VECTOR) throw refuse("expected " + name + " to be of " + DTYPE);
            Object rows = ofJava(flat(images));
            arrays.put(name, new Rows(images.shape(), rows));
            return rows;
        }

        /** The array of this name, of this Java type, and of this shape where one is given. */
        Object array(String name, Class<?> type, int... shape) {
            Object array = any(name);
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

    /** Images as rows, for methods that take only these. */
    private record Rows(int[] shape, Object rows) {}

    private static final Class<?> VECTOR = REAL.arrayType();
    private static final Class<?> MATRIX = VECTOR.arrayType();

    private Map<String, Object> last = Map.of(); // the arrays that came last, to be given back by inputs
    private Network net; // of the loaded case, or null
    private Object x;
    private int[] t;
    private Optimizer optimizer; // of the last train since load
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
        Class<?>[] types = method.getParameterTypes();
        for (int i = 0; i < types.length; i++) {
            boolean isFloat = types[i] == float.class || types[i] == Float.class;
            if (isFloat && arguments[i] instanceof Double number) arguments[i] = number.floatValue();
        }
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
        if (result instanceof List<?> list) return "List of " + list.size();
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

    /** The method for what the protocol calls so. */
    private static String camel(String word) {
        StringBuilder name = new StringBuilder();
        for (String part : word.split("_")) name.append(part.substring(0, 1).toUpperCase()).append(part.substring(1));
        return word.substring(0, 1) + name.substring(1);
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
        if (shape.length > 2) return array;
        Object[] rows = (Object[]) Array.newInstance(array.data().getClass().getComponentType(), shape);
        for (int i = 0; i < shape[0]; i++) System.arraycopy(array.data(), i * shape[1], rows[i], 0, shape[1]);
        return rows;
    }

    /** Images as rows. */
    private static Npy flat(Npy images) {
        int rows = images.shape()[0];
        return new Npy(new int[] {rows, rows == 0 ? 0 : Array.getLength(images.data()) / rows}, images.data());
    }

    /** A mask of 0 and 1 as numbers; other arrays are the same. */
    private static Npy real(Npy array) {
        if (!(array.data() instanceof byte[] bytes)) return array;
        Object numbers = Array.newInstance(REAL, bytes.length);
        for (int i = 0; i < bytes.length; i++) Array.set(numbers, i, real(bytes[i]));
        return new Npy(array.shape(), numbers);
    }

    @SuppressWarnings("unchecked")
    private static <A> NDArray<A> images(Npy array) {
        return new NDArray<>(array.shape(), (A) array.data());
    }

    private static Npy packed(String name, Object array) {
        if (array instanceof Npy npy) return npy;
        if (array instanceof NDArray<?> images) return new Npy(images.shape(), images.data());
        if (array instanceof Rows images) return new Npy(images.shape(), packed(name, images.rows()).data());
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

    /** What is loaded, and what MyNetwork can be asked about it. */
    private interface Network {
        /** Images, or rows, as that takes them. */
        Object taken(Npy x);

        Object predict(Object x) throws Exception;

        /** The loss, and after it the gradients, one for each that is learnt. */
        Object[] gradient(Object x, int[] t) throws Exception;

        Object[] numericalGradient(Object x, int[] t, Object step) throws Exception;

        Object accuracy(Object x, int[] t) throws Exception;

        /** That of the test, without weight decay. */
        Object loss(Object x, int[] t) throws Exception;

        /** The parameters by name, in order. */
        Map<String, Object> learnt();

        /** And what training moves on beside these. */
        Map<String, Object> params();

        /** Puts back what an earlier request may have moved on. */
        default void begin() {}

        /** Takes those of a step of training. */
        default void masks(Given request, int step) {}

        /** What training has moved on stays. */
        default void keep() {}
    }

    /** Affine layers with one activation. */
    private record Dense(Object W, Object b, String activation, Object epsilon, Map<String, Object> learnt)
            implements Network {
        static Dense of(Given request) {
            int[] sizes = Stream.of(request.field("sizes").split(",")).mapToInt(Integer::parseInt).toArray();
            int depth = sizes.length - 1;
            if (!MyNetwork.supports(sizes, request.field("activation"))) {
                throw unsupported("no such network: supports in MyNetwork.java says so");
            }
            Object weights = Array.newInstance(MATRIX, depth);
            Object biases = Array.newInstance(VECTOR, depth);
            Map<String, Object> learnt = new LinkedHashMap<>();
            for (int l = 0; l < depth; l++) {
                String W = "W" + (l + 1);
                String b = "b" + (l + 1);
                learnt.put(W, request.array(W, MATRIX, sizes[l], sizes[l + 1]));
                learnt.put(b, request.array(b, VECTOR, sizes[l + 1]));
                Array.set(weights, l, learnt.get(W));
                Array.set(biases, l, learnt.get(b));
            }
            return new Dense(weights, biases, request.field("activation"), request.real("epsilon"), learnt);
        }

        @Override
        public Object taken(Npy x) {
            return ofJava(x);
        }

        @Override
        public Object predict(Object x) throws Exception {
            need("predict");
            return call("predict", W, b, activation, x);
        }

        @Override
        public Object[] gradient(Object x, int[] t) throws Exception {
            need("gradient");
            Object result = call("gradient", W, b, activation, epsilon, x, t);
            return inOrder("loss, dW, db", result, epsilon, W, b);
        }

        @Override
        public Object[] numericalGradient(Object x, int[] t, Object step) throws Exception {
            need("numericalGradient");
            Object result = call("numericalGradient", W, b, activation, epsilon, x, t, step);
            return inOrder("dW, db", result, W, b);
        }

        /** The results, which must be like these; of the last two, W and b in turn. */
        private static Object[] inOrder(String names, Object result, Object... as) {
            int count = as.length;
            boolean fits = result instanceof Object[] all && all.length == count;
            for (int i = 0; fits && i < count; i++) fits = fits(Array.get(result, i), as[i]);
            if (!fits) throw refuse("expected {" + names + "} to be " + told(as) + ", came " + told(result));
            List<Object> found = new ArrayList<>(Arrays.asList((Object[]) result).subList(0, count - 2));
            for (int l = 0; l < Array.getLength(as[count - 1]); l++) {
                for (int i = count - 2; i < count; i++) found.add(Array.get(Array.get(result, i), l));
            }
            return found.toArray();
        }

        @Override
        public Object accuracy(Object x, int[] t) throws Exception {
            need("accuracy");
            return call("accuracy", W, b, activation, x, t);
        }

        @Override
        public Object loss(Object x, int[] t) throws Exception {
            return gradient(x, t)[0];
        }

        @Override
        public Map<String, Object> params() {
            return learnt;
        }
    }

    /** A network of any layers. */
    private record Layers(List<MyNetwork.Layer> layers, Map<String, Object> learnt, List<Moved> moved, Object decay,
            Object epsilon) implements Network {
        /** An array of a layer that training moves on; or a mask. It begins as kept. */
        private static final class Moved {
            String name; // such as running_mean2
            MyNetwork.Layer layer;
            Npy kept;

            Object now() {
                return name.startsWith("running_mean") ? layer.runningMean
                        : name.startsWith("running_var") ? layer.runningVar
                        : layer.mask;
            }

            boolean isMask() {
                return name.startsWith("mask");
            }

            void set(Npy array) {
                if (name.startsWith("running_mean"))
                    layer.runningMean = images(array);
                else if (name.startsWith("running_var"))
                    layer.runningVar = images(array);
                else
                    layer.mask = images(array);
            }
        }

        static Layers of(Given request) {
            need("predictLayers");
            need("gradientLayers");
            List<MyNetwork.Layer> layers = new ArrayList<>();
            Map<String, Object> learnt = new LinkedHashMap<>();
            List<Moved> moved = new ArrayList<>();
            int number = 0;
            for (String kind : request.field("layers").split(",")) {
                MyNetwork.Layer layer = new MyNetwork.Layer();
                layer.kind = kind;
                layers.add(layer);
                boolean isWindow = kind.equals("convolution") || kind.equals("max_pooling");
                if (List.of("affine", "convolution", "batch_norm").contains(kind)) number++;
                String field = kind + number + ".";
                if (kind.equals("affine") || kind.equals("convolution")) {
                    layer.W = learn(request, "W" + number, learnt);
                    layer.b = learn(request, "b" + number, learnt);
                } else if (kind.equals("batch_norm")) {
                    layer.gamma = learn(request, "gamma" + number, learnt);
                    layer.beta = learn(request, "beta" + number, learnt);
                    move(request, "running_mean" + number, layer, moved);
                    move(request, "running_var" + number, layer, moved);
                    layer.momentum = Double.valueOf(request.field(field + "momentum"));
                    layer.epsilon = Double.valueOf(request.field(field + "epsilon"));
                } else if (kind.equals("dropout")) {
                    move(request, "mask" + number, layer, moved);
                    layer.ratio = Double.valueOf(request.field(field + "ratio"));
                } else if (kind.equals("max_pooling")) {
                    layer.height = request.count(field + "height");
                    layer.width = request.count(field + "width");
                }
                if (isWindow) {
                    layer.stride = request.count(field + "stride");
                    layer.pad = request.count(field + "pad");
                }
            }
            Layers net = new Layers(layers, learnt, moved, request.real("weight_decay"), request.real("epsilon"));
            net.begin();
            if (!MyNetwork.supportsLayers(layers)) {
                throw unsupported("no such network: supportsLayers in MyNetwork.java says so");
            }
            return net;
        }

        private static <A> NDArray<A> learn(Given request, String name, Map<String, Object> learnt) {
            NDArray<A> array = images(request.npy(name));
            learnt.put(name, array);
            return array;
        }

        private static void move(Given request, String name, MyNetwork.Layer layer, List<Moved> moved) {
            Moved one = new Moved();
            one.name = name;
            one.layer = layer;
            one.kept = real(request.npy(name));
            moved.add(one);
        }

        @Override
        public Object taken(Npy x) {
            return images(x);
        }

        @Override
        public Object predict(Object x) throws Exception {
            return call("predictLayers", layers, x);
        }

        @Override
        public Object[] gradient(Object x, int[] t) throws Exception {
            Object result = call("gradientLayers", layers, x, t, decay, epsilon);
            boolean fits = result instanceof Object[] all && all.length == 2 && fits(all[0], decay)
                    && all[1] instanceof Collection<?> slopes && slopes.size() == learnt.size();
            if (!fits) {
                String expected = "{" + told(decay) + ", List of " + learnt.size() + "}";
                throw refuse("expected {loss, gradients} to be " + expected + ", came " + told(result));
            }
            List<Object> found = new ArrayList<>(List.of(Array.get(result, 0)));
            found.addAll((Collection<?>) Array.get(result, 1));
            return found.toArray();
        }

        @Override
        public Object[] numericalGradient(Object x, int[] t, Object step) {
            throw unsupported("no numerical gradient of networks of any layers");
        }

        @Override
        public Object accuracy(Object x, int[] t) throws Exception {
            need("accuracyLayers");
            return call("accuracyLayers", layers, x, t);
        }

        @Override
        public Object loss(Object x, int[] t) throws Exception {
            String name = camel(layers.get(layers.size() - 1).kind);
            need(name);
            Object out = predict(x);
            Object made = name.equals("squaredError") ? call(name, out, t) : call(name, out, t, epsilon);
            return Array.get(made, 0);
        }

        @Override
        public Map<String, Object> params() {
            Map<String, Object> params = new LinkedHashMap<>();
            learnt.forEach((name, array) -> {
                params.put(name, array);
                if (!name.startsWith("beta")) return;
                String number = name.substring(4);
                for (Moved one : moved) {
                    if (one.name.matches("running_(mean|var)" + number)) params.put(one.name, one.now());
                }
            });
            return params;
        }

        @Override
        public void begin() {
            for (Moved one : moved) one.set(new Npy(one.kept.shape().clone(), copy(one.kept.data())));
        }

        @Override
        public void masks(Given request, int step) {
            for (Moved one : moved) {
                if (!one.isMask()) continue;
                Npy masks = request.npy(one.name);
                int[] shape = Arrays.copyOfRange(masks.shape(), 1, masks.shape().length);
                int size = IntStream.of(shape).reduce(1, (n, m) -> n * m);
                Object mask = Arrays.copyOfRange((byte[]) masks.data(), step * size, (step + 1) * size);
                one.set(real(new Npy(shape, mask)));
            }
        }

        @Override
        public void keep() {
            for (Moved one : moved) {
                if (one.isMask()) continue;
                Npy now = packed(one.name, one.now());
                if (!fits(now.data(), one.kept.data())) {
                    String expected = "expected " + one.name + " to be " + told(one.kept.data());
                    throw refuse(expected + ", came " + told(now.data()));
                }
                one.kept = new Npy(one.kept.shape(), copy(now.data()));
            }
        }
    }

    /** An optimizer, and what it keeps of each parameter. */
    private static final class Optimizer {
        private static final Map<String, List<String>> NUMBERS = new LinkedHashMap<>();
        private static final Map<String, List<String>> STATES = Map.of("sgd", List.of(), "momentum", List.of("v"),
                "nesterov", List.of("v"), "adagrad", List.of("h"), "rmsprop", List.of("h"), "adam", List.of("m", "v"));

        static {
            NUMBERS.put("sgd", List.of("learning_rate"));
            NUMBERS.put("momentum", List.of("learning_rate", "momentum"));
            NUMBERS.put("nesterov", List.of("learning_rate", "momentum"));
            NUMBERS.put("adagrad", List.of("learning_rate"));
            NUMBERS.put("rmsprop", List.of("learning_rate", "decay"));
            NUMBERS.put("adam", List.of("learning_rate", "beta1", "beta2"));
        }

        private final String name;
        private final List<Double> numbers = new ArrayList<>();
        private final List<String> states;
        private final List<Object[]> kept = new ArrayList<>();
        private int iteration;

        Optimizer(Given request) {
            name = request.field("optimizer");
            if (!NUMBERS.containsKey(name)) throw unsupported("no optimizer " + name);
            need(name);
            for (String key : NUMBERS.get(name)) numbers.add(Double.valueOf(request.field(key)));
            states = STATES.get(name);
        }

        boolean isLike(Optimizer other) {
            return other != null && name.equals(other.name) && numbers.equals(other.numbers);
        }

        /** Updates p and its state in place, row by row. */
        void update(Object p, Object dp, Object... state) throws Exception {
            if (dp == null || Array.getLength(dp) != Array.getLength(p)) {
                throw refuse("expected a gradient to be " + told(p) + ", came " + told(dp));
            }
            if (p instanceof Object[] rows) {
                for (int i = 0; i < rows.length; i++) {
                    int row = i;
                    update(rows[i], Array.get(dp, i), Stream.of(state).map(one -> Array.get(one, row)).toArray());
                }
                return;
            }
            List<Object> arguments = new ArrayList<>(List.of(p, dp));
            arguments.addAll(List.of(state));
            arguments.addAll(numbers);
            if (name.equals("adam")) arguments.add(iteration);
            call(name, arguments.toArray());
        }

        /** A gradient, and the update of every parameter; the loss. */
        Object step(Network net, Object x, int[] t) throws Exception {
            Object[] results = net.gradient(x, t);
            iteration++;
            int i = 0;
            for (Object p : net.learnt().values()) {
                if (kept.size() == i) kept.add(states.stream().map(name -> zeros(data(p))).toArray());
                update(data(p), data(results[i + 1]), kept.get(i));
                i++;
            }
            return results[0];
        }

        /** The elements of an NDArray; of another array itself. */
        private static Object data(Object array) {
            return array instanceof NDArray<?> images ? images.data() : array;
        }

        private static Object zeros(Object like) {
            if (!(like instanceof Object[] rows)) return Array.newInstance(REAL, Array.getLength(like));
            Object[] zeros = (Object[]) Array.newInstance(VECTOR, rows.length);
            for (int i = 0; i < rows.length; i++) zeros[i] = zeros(rows[i]);
            return zeros;
        }
    }

    @Override
    public Map<String, String> hello() {
        MyNetwork.WRITTEN.forEach(name -> method(name, -1));
        List<String> layers = LAYERS.keySet().stream().filter(kind -> has(camel(kind))).toList();
        List<String> optimizers = Optimizer.NUMBERS.keySet().stream().filter(Serve::has).toList();
        boolean any = has("predictLayers", "gradientLayers");
        boolean trains = any || has("predict", "gradient");
        List<String> operations = new ArrayList<>(List.of("hello", "load"));
        if (!MyNetwork.WRITTEN.isEmpty()) operations.addAll(List.of("inputs", "null", "time"));
        if (!layers.isEmpty()) operations.add("layer");
        if (any || has("predict")) operations.add("predict");
        if (has("accuracy") || any && has("accuracyLayers")) operations.add("accuracy");
        if (any || has("gradient")) operations.add("gradient");
        if (has("numericalGradient")) operations.add("numerical_gradient");
        if (!optimizers.isEmpty()) operations.add("update");
        if (trains && !optimizers.isEmpty()) operations.addAll(List.of("data", "train", "params", "evaluate"));
        Map<String, String> fields = new LinkedHashMap<>(Map.of("name", "PORT_NAME", "language", "Java", "version",
                System.getProperty("java.version"), "blas", "none", "threads", "1", "dtypes", DTYPE, "layers",
                String.join(",", layers), "operations", String.join(",", operations), "optimizers",
                String.join(",", optimizers), "epsilon", MyNetwork.EPSILON));
        fields.put("step", MyNetwork.STEP);
        if (any) fields.put("networks", "any");
        return fields;
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
        if (net != null) net.begin();
        switch (request.request.word()) {
            case "load" -> load(request);
            case "layer" -> {
                return layerResults(request);
            }
            case "inputs" -> {
                return last;
            }
            case "null" -> {
            }
            case "predict" -> {
                return Map.of("out", loaded().predict(x));
            }
            case "accuracy" -> {
                Object share = loaded().accuracy(x, t);
                return Map.of("accuracy", ((Number) share).doubleValue());
            }
            case "gradient" -> {
                return named("loss", loaded().gradient(x, t));
            }
            case "numerical_gradient" -> {
                return named("", loaded().numericalGradient(x, t, request.real("step")));
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
                return loaded().params();
            }
            case "evaluate" -> {
                return evaluate(request);
            }
            case "update" -> {
                Optimizer optimizer = new Optimizer(request);
                optimizer.iteration = request.count("iteration");
                Map<String, Object> arrays = new LinkedHashMap<>();
                for (String name : Stream.concat(Stream.of("p", "dp"), optimizer.states.stream()).toList()) {
                    Object p = request.any("p");
                    arrays.put(name, request.array(name, p.getClass(), shapeOf(p)));
                }
                Object dp = arrays.remove("dp");
                Object[] state = arrays.values().stream().skip(1).toArray();
                optimizer.update(arrays.get("p"), dp, state);
                return arrays;
            }
            default -> throw unsupported("no operation " + request.request.word());
        }
        return Map.of();
    }

    private Network loaded() {
        if (net == null) throw refuse("expected a case to be loaded");
        return net;
    }

    /** Gradients by name, after the loss if that is among them. */
    private Map<String, Object> named(String first, Object[] results) {
        List<String> names = new ArrayList<>(first.isEmpty() ? List.of() : List.of(first));
        net.learnt().keySet().forEach(name -> names.add("d" + name));
        return named(names, results);
    }

    private void load(Given request) {
        if (!request.field("dtype").equals(DTYPE)) throw unsupported("no " + request.field("dtype"));
        boolean any = request.request.fields().containsKey("layers");
        Network net = any ? Layers.of(request) : Dense.of(request);
        t = labels(request.any("t"));
        if (any) request.arrays.putAll(request.request.arrays());
        x = any ? images(request.npy("x")) : request.array("x", MATRIX);
        this.net = net;
        optimizer = null;
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
        if (!LAYERS.containsKey(kind)) throw unsupported("no layer " + kind);
        String name = camel(kind);
        need(name);
        last = request.arrays;
        if (kind.equals("convolution") || kind.equals("max_pooling")) {
            Object x = images(request.npy("x"));
            Object dout = images(request.npy("dout"));
            int stride = request.count("stride");
            int pad = request.count("pad");
            if (kind.equals("max_pooling")) {
                int height = request.count("height");
                int width = request.count("width");
                return () -> call(name, x, height, width, stride, pad, dout);
            }
            Object W = images(request.npy("W"));
            Object b = request.array("b", VECTOR, request.npy("W").shape()[0]);
            return () -> call(name, x, W, b, stride, pad, dout);
        }
        Object x = request.rows("x");
        int[] shape = shapeOf(x);
        if (kind.equals("affine")) {
            Object W = request.array("W", MATRIX);
            int outputs = shapeOf(W)[1];
            Object b = request.array("b", VECTOR, outputs);
            Object dout = request.array("dout", MATRIX, shape[0], outputs);
            return () -> call(name, x, W, b, dout);
        }
        if (LAYERS.get(kind).get(0).equals("loss")) {
            int[] t = labels(request.any("t"));
            if (kind.equals("squared_error")) return () -> call(name, x, t);
            Object epsilon = request.real("epsilon");
            return () -> call(name, x, t, epsilon);
        }
        Object dout = request.rows("dout");
        if (!Arrays.equals(shapeOf(dout), shape)) throw refuse("expected dout to be of the shape of x");
        if (kind.equals("batch_norm")) {
            Object[] held = Stream.of("gamma", "beta", "running_mean", "running_var")
                    .map(key -> request.array(key, VECTOR, shape[1]))
                    .toArray();
            Double momentum = Double.valueOf(request.field("momentum"));
            Double epsilon = Double.valueOf(request.field("epsilon"));
            boolean training = request.field("phase").equals("train");
            return () -> call(name, x, held[0], held[1], held[2], held[3], momentum, epsilon, training, dout);
        }
        if (kind.equals("dropout")) {
            Object mask = ofJava(flat(real(request.npy("mask"))));
            Double ratio = Double.valueOf(request.field("ratio"));
            boolean training = request.field("phase").equals("train");
            return () -> call(name, x, mask, ratio, training, dout);
        }
        return () -> call(name, x, dout);
    }

    private Map<String, Object> layerResults(Given request) throws Exception {
        String kind = request.field("kind");
        Call call = layer(request);
        List<String> names = LAYERS.get(kind);
        Object made = call.make();
        if (!(made instanceof Object[] results) || results.length != names.size()) {
            throw refuse("expected {" + String.join(", ", names) + "}, came " + told(made));
        }
        Map<String, Object> named = named(names, results);
        if (kind.equals("batch_norm") && !request.field("phase").equals("train")) {
            named.remove("running_mean");
            named.remove("running_var");
        }
        if (request.arrays.get("x") instanceof Rows images) {
            named.computeIfPresent("dx", (name, rows) -> new Rows(images.shape(), rows));
            if (!kind.equals("affine")) named.computeIfPresent("out", (name, rows) -> new Rows(images.shape(), rows));
        }
        return named;
    }

    private static int right(Object out, int[] t) {
        int right = 0;
        for (int i = 0; i < t.length; i++) {
            Object row = Array.get(out, i);
            int best = 0;
            for (int j = 1; j < Array.getLength(row); j++) {
                double v = Array.getDouble(row, j), largest = Array.getDouble(row, best);
                if (v > largest || Double.isNaN(v) && !Double.isNaN(largest)) best = j;
            }
            if (best == t[i]) right++;
        }
        return right;
    }

    /** A copy of rows, or of elements. */
    private static Object copy(Object array) {
        if (array instanceof double[] elements) return elements.clone();
        if (array instanceof float[] elements) return elements.clone();
        Object[] rows = ((Object[]) array).clone();
        for (int i = 0; i < rows.length; i++) rows[i] = copy(rows[i]);
        return rows;
    }

    private static void putBack(Object array, Object copy) {
        if (array instanceof Object[] rows) {
            for (int i = 0; i < rows.length; i++) putBack(rows[i], Array.get(copy, i));
        } else {
            System.arraycopy(copy, 0, array, 0, Array.getLength(array));
        }
    }

    private double[] time(Given request) throws Exception {
        String operation = request.field("operation");
        Map<String, Object> last = this.last;
        Map<String, Object> copies = new LinkedHashMap<>();
        Call call = switch (operation) {
            case "null" -> () -> null;
            case "layer" -> layer(request);
            case "predict" -> () -> loaded().predict(x);
            case "gradient" -> () -> loaded().gradient(x, t);
            case "numerical_gradient" -> {
                Object step = request.real("step");
                yield() -> loaded().numericalGradient(x, t, step);
            }
            case "train_step" -> {
                Optimizer optimizer = new Optimizer(request);
                loaded().learnt().forEach((name, p) -> copies.put(name, copy(Optimizer.data(p))));
                yield() -> optimizer.step(net, x, t);
            }
            default -> throw unsupported("no operation " + operation + " to time");
        };
        this.last = last;
        try {
            return Timing.time(request.request, call);
        } finally {
            copies.forEach((name, copy) -> putBack(Optimizer.data(net.learnt().get(name)), copy));
        }
    }

    /** The set of this name, which must fit the loaded network. */
    private Images images(String name) {
        Images set = sets.get(name);
        Object last = net == null ? null : net.learnt().values().stream().reduce(null, (before, p) -> p); // b or beta
        int classes = last == null ? 256 : Array.getLength(Optimizer.data(last));
        boolean fits = set != null && net != null && shapeOf(set.pixels)[1] == inputs();
        for (int i = 0; fits && i < set.labels.length; i++) fits = (set.labels[i] & 0xff) < classes;
        if (!fits) throw refuse("expected the set " + name + ", with images and labels that fit the loaded network");
        return set;
    }

    /** The shape of an image, or the size of a row, that the loaded network takes, as a batch of so many. */
    private int[] batchOf(int count) {
        int[] shape = (x instanceof NDArray<?> images ? images.shape() : shapeOf(x)).clone();
        shape[0] = count;
        return shape;
    }

    private int inputs() {
        return IntStream.of(batchOf(1)).reduce(1, (n, m) -> n * m);
    }

    /** These rows, as the loaded network takes them. */
    private Object batch(Images set, int[] rows) {
        int inputs = inputs();
        Object x = Array.newInstance(REAL, rows.length * inputs);
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] < 0 || rows[i] >= set.labels.length) throw refuse("expected rows of the set, came " + rows[i]);
            byte[] pixels = set.pixels[rows[i]];
            for (int j = 0; j < inputs; j++) {
                if (x instanceof double[] a)
                    a[i * inputs + j] = (pixels[j] & 0xff) / set.scale;
                else
                    ((float[]) x)[i * inputs + j] = (pixels[j] & 0xff) / (float) set.scale;
            }
        }
        return net.taken(new Npy(batchOf(rows.length), x));
    }

    private static int[] labels(Images set, int[] rows) {
        return IntStream.of(rows).map(row -> set.labels[row] & 0xff).toArray();
    }

    private Map<String, Object> train(Given request) throws Exception {
        Optimizer optimizer = new Optimizer(request);
        Network net = loaded();
        Images set = images("train");
        if (!optimizer.isLike(this.optimizer)) this.optimizer = optimizer;
        int[][] batches = (int[][]) request.array("batches", int[][].class);
        Object losses = Array.newInstance(REAL, batches.length);
        long begin = System.nanoTime();
        for (int i = 0; i < batches.length; i++) {
            Object x = batch(set, batches[i]);
            net.masks(request, i);
            Array.set(losses, i, this.optimizer.step(net, x, labels(set, batches[i])));
        }
        double took = System.nanoTime() - begin;
        net.keep();
        return named(List.of("loss", "nanoseconds"), losses, took);
    }

    /** Goes through the set a thousand at a time. */
    private Map<String, Object> evaluate(Given request) throws Exception {
        Images set = images(request.field("set"));
        int count = set.labels.length;
        double loss = 0;
        int right = 0;
        for (int begin = 0; begin < count; begin += 1000) {
            int[] rows = IntStream.range(begin, Math.min(begin + 1000, count)).toArray();
            Object x = batch(set, rows);
            int[] t = labels(set, rows);
            loss += ((Number) net.loss(x, t)).doubleValue() * rows.length;
            right += right(net.predict(x), t);
        }
        return named(List.of("loss", "accuracy"), real(loss / count), (double) right / count);
    }

    public static void main(String[] arguments) throws IOException {
        Server.serve(new Serve());
    }
}
