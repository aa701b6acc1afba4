package leanvit.jmh.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import leanvit.jmh.Flops;
import leanvit.jmh.FmaLimitBenchmark;
import leanvit.jmh.GemmBenchmark;
import leanvit.jmh.Images;
import leanvit.jmh.Machine;
import leanvit.jmh.ModelBenchmark;
import leanvit.jmh.Models;
import leanvit.jmh.Slices;
import leanvit.vit.VisionTransformer;

/**
 * One row of {@link PeersTable} in one JVM, which that starts: the contenders in turn, slice by slice. Each is a JMH
 * benchmark of this module, set up, its answer checked, and called from here. Prints {@link Machine} and then a line
 * for each contender: its name, the work of a pass (10^9 operations), and the seconds per pass in each slice.
 */
final class PeersRow {

    static final String LIMIT = "limit";
    static final String OURS = "ours";
    static final String ONNX = "onnx";
    static final String NETLIB = "netlib";

    private final Slices slices = new Slices();
    private final List<String> names = new ArrayList<>();
    private final List<Double> work = new ArrayList<>();

    private PeersRow() {
    }

    /** Arguments: shape or model, batch (0 for a matmul), seconds of warm-up, slices, contenders. */
    public static void main(String[] arguments) throws Exception {
        Models.requireProvider("simd");
        PeersRow row = new PeersRow();
        int batch = Integer.parseInt(arguments[1]);
        List<String> contenders = List.of(arguments).subList(4, arguments.length);
        if (batch == 0) {
            for (String contender : contenders) {
                row.matmul(arguments[0], contender);
            }
        } else {
            VisionTransformer model = Models.load(arguments[0]);
            for (String contender : contenders) {
                row.model(arguments[0], model, batch, contender);
            }
        }
        row.slices.run(Double.parseDouble(arguments[2]), Integer.parseInt(arguments[3]));
        row.print();
    }

    private void matmul(String shape, String contender) throws Exception {
        Flops flops = new Flops();
        Slices.Pass pass;
        switch (contender) {
            case LIMIT -> {
                FmaLimitBenchmark benchmark = new FmaLimitBenchmark();
                benchmark.setUp();
                pass = () -> benchmark.fma(flops);
            }
            case ONNX -> {
                OnnxMatMulBenchmark benchmark = new OnnxMatMulBenchmark();
                benchmark.shape = shape;
                benchmark.setUp();
                pass = () -> benchmark.multiply(flops);
            }
            case NETLIB -> {
                NetlibMatMulBenchmark benchmark = new NetlibMatMulBenchmark();
                benchmark.shape = shape;
                benchmark.setUp();
                pass = () -> benchmark.multiply(flops);
            }
            default -> {
                GemmBenchmark benchmark = new GemmBenchmark();
                benchmark.shape = shape;
                benchmark.setUp();
                pass = () -> benchmark.simd(flops);
            }
        }
        flops.reset();
        pass.run();
        add(contender, flops.gflops, pass);
    }

    private void model(String name, VisionTransformer model, int batch, String contender) throws Exception {
        Images images = new Images();
        Slices.Pass pass;
        if (contender.equals(ONNX)) {
            OnnxModelBenchmark benchmark = new OnnxModelBenchmark();
            benchmark.model = name;
            benchmark.batch = batch;
            benchmark.setUp();
            pass = () -> benchmark.pass(images);
        } else {
            ModelBenchmark benchmark = new ModelBenchmark();
            benchmark.model = name;
            benchmark.batch = batch;
            benchmark.reducer = contender;
            benchmark.setUp(model);
            pass = () -> benchmark.pass(images);
        }
        images.reset();
        pass.run();
        add(contender, images.gmac, pass);
    }

    private void add(String name, double operations, Slices.Pass pass) {
        slices.add(name, pass);
        names.add(name);
        work.add(operations);
    }

    private void print() {
        System.out.println(Machine.describe());
        for (int i = 0; i < names.size(); i++) {
            StringBuilder line = new StringBuilder(names.get(i)).append('\t').append(work.get(i));
            for (double seconds : slices.seconds(names.get(i))) {
                line.append(String.format(Locale.ROOT, "\t%.9f", seconds));
            }
            System.out.println(line);
        }
    }
}
