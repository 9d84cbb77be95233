using HashStore.Storage.Serving;
using HashStore.Tests.Http.Support;
using HashStore.Tests.Support;
using Mono.Unix.Native;
using Xunit;

namespace HashStore.Tests.Serving;

/// <summary>Plain files of a legacy tree, opened to be served.</summary>
public sealed class PlainFileTests : IDisposable
{
    private static readonly TimeProvider Later = new Clock(TimeSpan.FromMinutes(1));

    private readonly TempFolder folder = new();

    private string Tree => folder["tree"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_is_what_its_bytes_are()
    {
        var content = Samples.Png(3000);
        var path = folder.Write("tree/1/12/A.png", content);
        using var file = PlainFile.Open(path, Tree, Later)!;
        Assert.Equal(content.Length, file.Size);
        Assert.Equal(new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeSeconds(), file.LastModified.ToUnixTimeSeconds());
        Assert.Equal(("image/png", "inline; filename*=UTF-8''A.png"), (file.PresentAs("A.png").ContentType, file.PresentAs("A.png").Disposition));
        Assert.Equal(("application/octet-stream", "attachment; filename*=UTF-8''A.html"), (file.PresentAs("A.html").ContentType, file.PresentAs("A.html").Disposition));
        var bytes = new byte[4000];
        Assert.Equal(content.Length - 1000, await file.Bytes.ReadAsync(bytes, 1000, CancellationToken.None));
        Assert.Equal(content[1000..], bytes[..(content.Length - 1000)]);
        Assert.Null(file.ReprDigest);
    }

    [Fact]
    public void What_a_browser_could_run_is_an_attachment()
    {
        using var file = PlainFile.Open(folder.Write("tree/A.svg", Samples.Svg()), Tree, Later)!;
        Assert.StartsWith("attachment;", file.PresentAs("A.svg").Disposition, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_served()
    {
        using var file = PlainFile.Open(folder.Write("tree/Empty.png", []), Tree, Later)!;
        Assert.Equal(0, file.Size);
    }

    [Fact]
    public void What_is_no_plain_file_of_the_tree_is_not_opened()
    {
        var outside = folder.Write("outside/secret.png", Samples.Png());
        _ = folder.Write("tree/1/A.png", Samples.Png());
        _ = folder.Write("treetwo/A.png", Samples.Png());
        File.CreateSymbolicLink(folder["tree", "link.png"], outside);
        File.CreateSymbolicLink(folder["tree", "inner.png"], folder["tree", "1", "A.png"]);
        Directory.CreateSymbolicLink(folder["tree", "out"], folder["outside"]);
        Directory.CreateSymbolicLink(folder["tree", "two"], folder["treetwo"]);
        Assert.Equal(0, Syscall.mkfifo(folder["tree", "pipe.png"], FilePermissions.S_IRUSR));
        string[] paths = ["link.png", "inner.png", "out/secret.png", "two/A.png", "../outside/secret.png", "pipe.png", "1", "1/A.png/B.png", "none.png", new string('a', 300)];
        Assert.All(paths, path => Assert.True(PlainFile.Open($"{Tree}/{path}", Tree, Later) is null, path));
    }

    [Fact]
    public void A_tree_may_be_reached_by_a_link()
    {
        _ = folder.Write("tree/1/A.png", Samples.Png());
        Directory.CreateSymbolicLink(folder["alias"], Tree);
        using var file = PlainFile.Open(folder["alias", "1", "A.png"], folder["alias"], Later);
        Assert.NotNull(file);
    }

    [Fact]
    public void The_tag_is_strong_as_soon_as_a_change_cannot_hide_behind_it()
    {
        var path = folder.Write("tree/A.png", Samples.Png());
        string fresh, settled;
        using (var file = PlainFile.Open(path, Tree, TimeProvider.System)!)
        {
            fresh = file.ETag;
        }

        using (var file = PlainFile.Open(path, Tree, Later)!)
        {
            settled = file.ETag;
        }

        Assert.StartsWith("W/\"", fresh, StringComparison.Ordinal);
        Assert.Equal(fresh[2..], settled);
    }

    [Fact]
    public void A_change_that_hides_size_and_time_changes_the_tag()
    {
        var content = Samples.Png();
        var path = folder.Write("tree/A.png", content);
        var time = File.GetLastWriteTimeUtc(path);
        var before = Tag(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, time);
        Assert.NotEqual(before, Tag(path));
    }

    [Fact]
    public async Task A_file_that_is_written_to_ends_at_once()
    {
        var path = folder.Write("tree/A.png", Samples.Png(200_000));
        using var file = PlainFile.Open(path, Tree, Later)!;
        var piece = new byte[1000];
        Assert.Equal(1000, await file.Bytes.ReadAsync(piece, 0, CancellationToken.None));
        await using (var writer = File.Open(path, FileMode.Append))
        {
            writer.WriteByte(0);
        }

        Assert.Equal(0, await file.Bytes.ReadAsync(piece, 1000, CancellationToken.None));
    }

    [Fact]
    public async Task A_file_that_is_replaced_goes_on_as_it_was_opened()
    {
        var content = Samples.Png(200_000);
        var path = folder.Write("tree/A.png", content);
        using var file = PlainFile.Open(path, Tree, Later)!;
        File.Move(folder.Write("new", Samples.Png(100)), path, overwrite: true);
        var piece = new byte[1000];
        Assert.Equal(1000, await file.Bytes.ReadAsync(piece, 150_000, CancellationToken.None));
        Assert.Equal(content[150_000..151_000], piece);
    }

    private string Tag(string path)
    {
        using var file = PlainFile.Open(path, Tree, Later)!;
        return file.ETag;
    }

    private sealed class Clock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + ahead;
    }
}
