package leanvit.app.draw;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import leanvit.reducers.Reducers;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;

/**
 * The picture that explains a token reduction: the model's input, and beside it what is left of its patches after each
 * chosen block. A patch that is alone in its token looks as it did; patches that were merged into one token show their
 * mean colour and an outline; patches that were dropped are dark and gray; patches that one extra token gathered are
 * hatched. A title says what the method does, what it saved and what the model answered; a legend explains the looks.
 *
 * <p>Small inputs are scaled up by a whole factor, to panels of at least {@value #MIN_PANEL} columns. Nothing but the
 * arguments goes into the picture, so equal arguments give equal pixels on every machine.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class TokenPicture {

    /** The least columns of a panel, unless the input is far higher than wide. */
    static final int MIN_PANEL = 336;
    private static final int MAX_PANEL_HEIGHT = 1400;
    /** Panels wrap into a new row before the picture gets wider than this. */
    static final int MAX_WIDTH = 1960;
    static final int MARGIN = 24;
    static final int GAP = 20;

    private static final int MIN_TEXT_WIDTH = 700;
    private static final int TEXT = 2;
    private static final int TITLE = 3;
    private static final int SWATCH = 32;

    private static final int WHITE = 0xffffff;
    private static final int BLACK = 0x1c1c1c;
    private static final int GRAY = 0x5f5f5f;

    private TokenPicture() {
    }

    /**
     * What one block left.
     *
     * @param block        the block's number, counted from 0
     * @param tokens       tokens after the block, prefix tokens among them
     * @param tokenOfPatch for every patch of the input, row by row, a number of the token that it is in (any number
     *                     that is not negative, the same for all patches of a token), or -1 if it was dropped
     * @param catchAlls    the numbers of those tokens that gather whatever was left over (EViT's fused token, POMT's
     *                     extra token), which are no groups of similar patches
     */
    public record Layer(int block, int tokens, int[] tokenOfPatch, int... catchAlls) {
    }

    /**
     * What the picture says about the run.
     *
     * @param spec        the reducer, as on the command line
     * @param inputTokens tokens before the first block, prefix tokens among them
     * @param macs        multiply-adds of this run
     * @param denseMacs   multiply-adds without a reduction; NaN if not known
     * @param answer      the name of the best class; empty for a model without a classifier
     * @param probability its probability, 0 to 1
     */
    public record Run(String spec, int inputTokens, double macs, double denseMacs, String answer, double probability) {
    }

    /**
     * Draws.
     *
     * @param crop    the model's input before it was normalised
     * @param patch   side of a patch, pixels
     * @param rows    rows of patches; pixels below the last row belong to no patch and stay as they are
     * @param columns columns of patches
     * @param run     what to say
     * @param layers  what to show, a panel each
     * @throws IllegalArgumentException if the patches do not fit into the picture or a layer has another number of
     *                                  patches
     */
    public static RgbImage draw(RgbImage crop, int patch, int rows, int columns, Run run, List<Layer> layers) {
        PatchGrid grid = new PatchGrid(crop, patch, rows, columns);
        int scale = scale(crop.width(), crop.height());
        int panelWidth = Math.max(MIN_PANEL, scale * crop.width());
        List<Panel> panels = new ArrayList<>();
        int[] untouched = new int[grid.patches()];
        Arrays.setAll(untouched, p -> p);
        panels.add(new Panel(new PatchPanel(grid, scale, untouched), "the input: " + run.inputTokens() + " tokens",
                columns + " \u00d7 " + rows + " patches of " + patch + " \u00d7 " + patch + " pixels"));
        Set<PatchFate> fates = EnumSet.noneOf(PatchFate.class);
        for (Layer layer : layers) {
            if (layer.tokenOfPatch().length != grid.patches()) {
                throw new IllegalArgumentException("block " + layer.block() + " tells of " + layer.tokenOfPatch().length
                        + " patches, the picture has " + grid.patches());
            }
            PatchPanel panel = new PatchPanel(grid, scale, layer.tokenOfPatch(), layer.catchAlls());
            fates.addAll(Arrays.asList(panel.fates()));
            panels.add(new Panel(panel, "after block " + layer.block() + ": " + layer.tokens() + " of "
                    + run.inputTokens() + " tokens", counts(panel)));
        }

        int across = across(panels.size(), panelWidth);
        int down = (panels.size() + across - 1) / across;
        int textWidth = Math.max(MIN_TEXT_WIDTH, across * (panelWidth + GAP) - GAP);
        List<String> title = Canvas.wrap(Reducers.describe(run.spec()), textWidth, TITLE);
        List<String> facts = Canvas.wrap(facts(run), textWidth, TEXT);
        int captionLines = 0;
        for (Panel panel : panels) {
            captionLines = Math.max(captionLines, panel.captionLines(panelWidth));
        }
        int captionHeight = captionLines * BitmapFont.LINE * TEXT;
        int panelsTop = MARGIN + title.size() * BitmapFont.LINE * TITLE + facts.size() * BitmapFont.LINE * TEXT + GAP;
        int rowHeight = captionHeight + scale * crop.height() + GAP;
        int legendTop = panelsTop + down * rowHeight;
        int height = legendTop + legendHeight(fates.size()) + MARGIN - GAP / 2;
        Canvas canvas = new Canvas(textWidth + 2 * MARGIN, height, WHITE);
        int y = canvas.text(title, MARGIN, MARGIN, TITLE, BLACK);
        canvas.text(facts, MARGIN, y, TEXT, GRAY);
        for (int i = 0; i < panels.size(); i++) {
            int left = MARGIN + i % across * (panelWidth + GAP);
            int top = panelsTop + i / across * rowHeight;
            panels.get(i).draw(canvas, left, top, panelWidth, top + captionHeight);
        }
        legend(canvas, grid, fates, legendTop);
        return canvas.picture();
    }

    /**
     * Draws into a PNG file, which appears whole or not at all.
     *
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, RgbImage crop, int patch, int rows, int columns, Run run, List<Layer> layers)
            throws IOException {
        Pictures.writePng(draw(crop, patch, rows, columns, run, layers), file);
    }

    /** Returns the side of an input's pixel in pixels of the panel; high and narrow inputs stay narrow. */
    static int scale(int width, int height) {
        return Math.max(1, Math.min((MIN_PANEL + width - 1) / width, MAX_PANEL_HEIGHT / height));
    }

    /** Returns how many panels stand side by side: as many as fit, but then evenly spread over the rows. */
    static int across(int panels, int panelWidth) {
        int fit = Math.max(1, (MAX_WIDTH - 2 * MARGIN + GAP) / (panelWidth + GAP));
        int rows = (panels + fit - 1) / fit;
        return (panels + rows - 1) / rows;
    }

    /** A panel with a caption of two paragraphs. */
    private record Panel(PatchPanel patches, String caption, String detail) {

        int captionLines(int width) {
            return Canvas.wrap(caption, width, TEXT).size() + Canvas.wrap(detail, width, TEXT).size();
        }

        void draw(Canvas canvas, int left, int top, int width, int pictureTop) {
            int y = canvas.text(Canvas.wrap(caption, width, TEXT), left, top, TEXT, BLACK);
            canvas.text(Canvas.wrap(detail, width, TEXT), left, y, TEXT, GRAY);
            canvas.image(patches.draw(), left, pictureTop);
        }
    }

    private static String counts(PatchPanel panel) {
        int[] patches = new int[PatchFate.values().length];
        for (PatchFate fate : panel.fates()) {
            patches[fate.ordinal()]++;
        }
        List<String> parts = new ArrayList<>();
        parts.add(patches[PatchFate.KEPT.ordinal()] + " kept");
        if (patches[PatchFate.MERGED.ordinal()] > 0) {
            parts.add(patches[PatchFate.MERGED.ordinal()] + " merged into " + panel.tokens(PatchFate.MERGED)
                    + " tokens");
        }
        if (patches[PatchFate.GATHERED.ordinal()] > 0) {
            parts.add(patches[PatchFate.GATHERED.ordinal()] + " left over in 1 token");
        }
        if (patches[PatchFate.DROPPED.ordinal()] > 0) {
            parts.add(patches[PatchFate.DROPPED.ordinal()] + " dropped");
        }
        return String.join(", ", parts);
    }

    private static String facts(Run run) {
        StringBuilder facts = new StringBuilder(run.spec()).append("  \u00b7  ");
        boolean giga = run.macs() >= 1e8 || run.denseMacs() >= 1e8;
        double unit = giga ? 1e9 : 1e6;
        if (run.denseMacs() > 0) {
            facts.append(String.format(Locale.ROOT, "%.2f of %.2f %s, %.0f %% saved", run.macs() / unit,
                    run.denseMacs() / unit, giga ? "GMACs" : "MMACs", 100 * (1 - run.macs() / run.denseMacs())));
        } else {
            facts.append(String.format(Locale.ROOT, "%.2f %s", run.macs() / unit, giga ? "GMACs" : "MMACs"));
        }
        if (!run.answer().isBlank()) {
            facts.append("  \u00b7  ").append(String.format(Locale.ROOT, "answer: %s (%.1f %%)", run.answer().strip(),
                    100 * run.probability()));
        }
        return facts.toString();
    }

    private static int legendHeight(int fates) {
        return fates * (SWATCH + GAP / 2);
    }

    /** Explains each fate by two patches from the middle of the input. */
    private static void legend(Canvas canvas, PatchGrid grid, Set<PatchFate> fates, int legendTop) {
        int columns = Math.min(2, grid.columns());
        RgbImage sample = RgbImage.black(columns * grid.patch(), grid.patch());
        int left = (grid.columns() - columns) / 2 * grid.patch();
        int top = grid.rows() / 2 * grid.patch();
        for (int y = 0; y < sample.height(); y++) {
            System.arraycopy(grid.picture().samples(), 3 * ((top + y) * grid.picture().width() + left),
                    sample.samples(), 3 * y * sample.width(), 3 * sample.width());
        }
        PatchGrid two = new PatchGrid(sample, grid.patch(), 1, columns);
        int y = legendTop;
        for (PatchFate fate : fates) {
            int[] tokens = new int[columns];
            if (fate == PatchFate.KEPT) {
                Arrays.setAll(tokens, p -> p);
            } else if (fate == PatchFate.DROPPED) {
                Arrays.fill(tokens, -1);
            }
            int[] catchAlls = fate == PatchFate.GATHERED ? new int[] {0} : new int[0];
            RgbImage swatch = new PatchPanel(two, Math.max(1, SWATCH / grid.patch()), tokens, catchAlls).draw();
            canvas.image(swatch, MARGIN, y);
            canvas.text(fate.meaning(), MARGIN + Math.max(swatch.width(), 2 * SWATCH) + GAP,
                    y + (swatch.height() - BitmapFont.CAPITAL * TEXT) / 2, TEXT, BLACK);
            y += SWATCH + GAP / 2;
        }
    }
}
