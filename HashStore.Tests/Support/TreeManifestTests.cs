using System.Diagnostics;
using Mono.Unix.Native;
using Xunit;

namespace HashStore.Tests.Support;

public sealed class TreeManifestTests : IDisposable
{
    private readonly TempFolder folder = new();

    public TreeManifestTests()
    {
        folder.Write("a/b/One.txt", "one"u8);
        folder.Write("a/Two.txt", "two"u8);
        folder.Write("left/out/Three.txt", "three"u8);
        File.CreateSymbolicLink(folder["a/Link"], "Two.txt");
    }

    [Fact]
    public void A_tree_that_nothing_happened_to_is_the_same()
    {
        Assert.Empty(Look().Differences(Look()));
        Assert.Equal([".", "a", "a/Link", "a/Two.txt", "a/b", "a/b/One.txt", "left"], Look().Entries.Select(entry => entry.Path));
        Assert.Equal(["a/Two.txt", "a/b/One.txt"], Look().Files.Select(entry => entry.Path));
    }

    [Fact]
    public void Nothing_is_followed() => Assert.Equal((TreeEntryKind.Link, "Two.txt"), (Look()["a/Link"]!.Kind, Look()["a/Link"]!.Content));

    [Fact]
    public void Content_is_seen_when_nothing_else_changed()
    {
        var before = Look()["a/Two.txt"]!;
        Expect(
            () =>
            {
                File.WriteAllText(folder["a/Two.txt"], "owt");
                SetTime("a/Two.txt", before.Seconds, before.Nanoseconds);
            },
            @"^a/Two.txt: content 3fc4\S+ became \w{64}$");
    }

    [Fact]
    public void Modes_are_seen() => Expect(
        () => File.SetUnixFileMode(folder["a/b"], UnixFileMode.UserRead | UnixFileMode.UserExecute), "^a/b: mode 0755 became 0500$");

    [Fact]
    public void Times_are_seen_to_the_nanosecond()
    {
        var before = Look()["a/Two.txt"]!;
        Expect(
            () => SetTime("a/Two.txt", before.Seconds, (before.Nanoseconds + 1) % 1_000_000_000),
            @"^a/Two.txt: modified \S+ \S+\.\d{9} became \S+ \S+\.\d{9}$");
    }

    [Fact]
    public void A_link_in_place_of_a_file_is_seen() => Expect(
        () =>
        {
            File.Delete(folder["a/b/One.txt"]);
            File.CreateSymbolicLink(folder["a/b/One.txt"], "../Two.txt");
        },
        @"^a/b: modified .*", @"^a/b/One.txt: kind File became Link, mode .*, content \w{64} became ../Two.txt$");

    [Fact]
    public void What_is_gone_and_what_is_new_is_seen() => Expect(
        () => File.Move(folder["a/Two.txt"], folder["a/b/Four.txt"]),
        "^a: modified ", @"^a/Two.txt: is gone \(was a File\)$", "^a/b: modified ", @"^a/b/Four.txt: is new \(a File\)$");

    [NeedsFact("root")]
    public void Owners_are_seen_of_links_too() => Expect(() => Assert.Equal(0, Syscall.lchown(folder["a/Link"], 33, 34)), @"^a/Link: owner \d+:\d+ became 33:34$");

    [NeedsFact("sh")]
    public async Task Names_need_not_be_utf8()
    {
        using var shell = Process.Start("sh", ["-c", """printf x > "$1/$(printf '\374')" """, "sh", folder["a"]]);
        await shell.WaitForExitAsync();
        var before = Look();
        Assert.Empty(before.Differences(Look()));
        var odd = Assert.Single(before.Files, entry => entry.Size == 1);

        // .NET's own methods cannot name it, and so cannot delete it with the folder.
        Assert.Equal(0, Syscall.unlink(folder[odd.Path]));
    }

    public void Dispose() => folder.Dispose();

    private TreeManifest Look() => TreeManifest.Read(folder.Path, "left/out");

    private void SetTime(string path, long seconds, long nanoseconds)
    {
        var time = new Timespec { tv_sec = seconds, tv_nsec = nanoseconds };
        Assert.Equal(0, Syscall.utimensat(Syscall.AT_FDCWD, folder[path], [time, time], 0));
    }

    private void Expect(Action change, params string[] patterns)
    {
        var before = Look();
        change();
        var lines = before.Differences(Look());
        Assert.Equal(patterns.Length, lines.Count);
        Assert.All(lines.Zip(patterns), pair => Assert.Matches(pair.Second, pair.First));
    }
}
