using System.Diagnostics;
using System.Net.Sockets;
using HashStore.Tests.Support;
using Mono.Unix.Native;
using Xunit;
using static HashStore.Tests.Migrate.Conversion.LegacyTreeBuilder;

namespace HashStore.Tests.Migrate.Conversion;

/// <summary>One bad file among good ones is named and left as it is; everything else is converted (docs/MIGRATION.md, traps 28, 38).</summary>
public sealed class BadFileTests : IDisposable
{
    private const string Good = "Good.jpg", Bad = "Bad.jpg", First = "20180101000000";

    private readonly LegacyTreeBuilder tree = new();

    public BadFileTests()
    {
        tree.Image(Good, "good");
        tree.Old(Good, First, "old good");
        tree.Old(Bad, First, "old bad");
    }

    private string BadPath => tree.FullPath(tree.Current(Bad));

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("fifo", "no plain file")]
    [InlineData("socket", "no plain file")]
    [InlineData("folder", "A folder lies where a file belongs")]
    [InlineData("out", "symbolic link")]
    [InlineData("loop", "symbolic link")]
    [InlineData("dangling", "symbolic link")]
    [InlineData("inside", "symbolic link")]
    public async Task What_is_no_plain_file_is_left_and_named(string what, string detail)
    {
        tree.ImageRow(Bad, "bad");
        var mode = File.GetUnixFileMode(tree.FullPath(tree.Archived(Bad, First)));
        Make(what);
        for (var round = 0; round < 2; round++)
        {
            var run = await tree.RunAsync(1);
            Assert.Equal("failed", tree.Report[tree.Current(Bad)].Status);
            Assert.Contains(detail, tree.Report[tree.Current(Bad)].Detail, StringComparison.Ordinal);
            Assert.Contains($"failed {tree.Current(Bad)}: ", run.Output, StringComparison.Ordinal);
            tree.CheckLinked(tree.Current(Good), tree.Archived(Good, First));
        }

        // A folder is no file of the name: what the row speaks of is lost, and the old version is all there is. Else it waits, as it was.
        if (what != "folder")
        {
            Assert.Empty(await tree.HistoryAsync(Bad));
            tree.CheckUnlinked(tree.Archived(Bad, First));
            Assert.Equal(mode, File.GetUnixFileMode(tree.FullPath(tree.Archived(Bad, First))));
            Assert.Equal(2, Directory.EnumerateFiles(tree.Tree, "*", SearchOption.AllDirectories).Count(path => new FileInfo(path).LinkTarget is null && File.GetUnixFileMode(path) == (UnixFileMode)0x124));
        }

        // What was wrong is put right.
        if (Directory.Exists(BadPath) && new FileInfo(BadPath).LinkTarget is null)
        {
            Directory.Delete(BadPath, recursive: true);
        }
        else
        {
            File.Delete(BadPath);
        }

        tree.File(tree.Current(Bad), "bad");
        await tree.RunAsync(0);
        Assert.Equal(2, (await tree.HistoryAsync(Bad)).Count);
    }

    [Fact]
    public async Task A_name_that_is_no_utf8_is_left_and_named()
    {
        tree.Image(Bad, "bad");
        var folder = Path.GetDirectoryName(tree.FullPath(tree.Current(Good)))!;
        Shell($"printf latin1 > \"$1\"/$'M\\xe4dchen.jpg'", folder);
        var run = await tree.RunAsync(1);
        var line = Assert.Single(tree.Report.Values, line => line.Status == "failed");
        Assert.Contains("not valid UTF-8", line.Detail, StringComparison.Ordinal);
        Assert.Contains("dchen.jpg: Its name is not valid UTF-8", run.Output, StringComparison.Ordinal);
        Shell($"test \"$(cat \"$1\"/$'M\\xe4dchen.jpg')\" = latin1", folder);
        tree.CheckLinked(tree.Current(Good), tree.Current(Bad));
        await tree.RunAsync(1);
        Shell($"rm \"$1\"/$'M\\xe4dchen.jpg'", folder);
    }

    [Fact]
    public async Task A_row_with_a_name_of_300_characters_is_refused_and_named()
    {
        tree.Image(Bad, "bad");
        tree.ImageRow(new string('x', 300) + ".jpg", "long");
        var run = await tree.RunAsync(1);
        Assert.Contains("refused image xxxxx", run.Output, StringComparison.Ordinal);
        Assert.Contains("304 bytes, more than 255", run.Output, StringComparison.Ordinal);
        tree.CheckLinked(tree.Current(Good), tree.Current(Bad));
    }

    [Fact] // trap 38, and an upload in progress
    public async Task A_file_that_somebody_writes_to_is_left_until_he_is_done()
    {
        tree.Image(Bad, "half");
        await using (var writer = new FileStream(BadPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await tree.RunAsync(1);
            Assert.Equal("failed", tree.Report[tree.Current(Bad)].Status);
            Assert.Contains("open for writing", tree.Report[tree.Current(Bad)].Detail, StringComparison.Ordinal);
            tree.CheckUnlinked(tree.Current(Bad));
            writer.Seek(0, SeekOrigin.End);
            writer.Write(" and the rest"u8);
        }

        tree.RemoveRows("image", "img_name", Bad);
        tree.Image(Bad, "half and the rest");
        await tree.RunAsync(0);
        Assert.Equal(Sha256("half and the rest"), tree.Report[tree.Current(Bad)].Sha256);
        Assert.Equal(2, (await tree.HistoryAsync(Bad)).Count);
    }

    [Fact]
    public async Task A_quiet_tree_is_believed_to_be_quiet()
    {
        tree.Image(Bad, "half");
        await using var writer = new FileStream(BadPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        await tree.RunAsync(0, "--quiet-tree");
        tree.CheckLinked(tree.Current(Bad));
    }

    [NeedsFact("root", "setpriv")]
    public async Task Unreadable_and_foreign_files_are_named_and_tried_again()
    {
        const uint Nobody = 65534;
        tree.Image(Bad, "bad");
        tree.Image("Locked.jpg", "locked");
        tree.WriteTables();
        var state = Directory.CreateDirectory(tree.Folder["state"]).FullName;
        foreach (var path in Walk(tree.Folder.Path).Append(tree.Folder.Path))
        {
            Assert.Equal(0, Syscall.lchown(path, Nobody, Nobody));
        }

        Assert.Equal(0, Syscall.chown(BadPath, 0, 0));
        Assert.Equal(0, Syscall.chmod(BadPath, FilePermissions.S_IRUSR));
        var locked = Path.GetDirectoryName(tree.FullPath(tree.Current("Locked.jpg")))!;
        Assert.Equal(0, Syscall.chown(locked, 0, 0)); // its file can be read and linked, but not be replaced
        var before = tree.TakeManifest();

        var (exit, output) = RunAs(Nobody, state);
        Assert.True(exit == 1, output);
        Assert.Contains($"failed {tree.Current(Bad)}: It cannot be read", output, StringComparison.Ordinal);
        Assert.Contains($"failed {tree.Current("Locked.jpg")}: It could not be exchanged", output, StringComparison.Ordinal);
        tree.CheckAnswers(before);
        tree.CheckLinked(tree.Current(Good), tree.Archived(Good, First));
        tree.CheckUnlinked(BadPath, tree.FullPath(tree.Current("Locked.jpg")));

        // A second run says the same; after the rights were put right a third one does the rest.
        (exit, output) = RunAs(Nobody, state);
        Assert.True(exit == 1 && output.Contains($"failed {tree.Current("Locked.jpg")}: ", StringComparison.Ordinal), output);
        Assert.Equal(0, Syscall.chown(BadPath, Nobody, Nobody));
        Assert.Equal(0, Syscall.chown(locked, Nobody, Nobody));
        (exit, output) = RunAs(Nobody, state);
        Assert.True(exit == 0, output);
        tree.CheckAnswers(before);
        tree.CheckLinked(tree.Current(Bad), tree.Current("Locked.jpg"));
    }

    [NeedsFact("root", "setpriv")]
    public async Task A_tree_of_ones_own_is_refused_without_a_state_elsewhere()
    {
        tree.WriteTables();
        foreach (var path in Walk(tree.Folder.Path).Append(tree.Folder.Path))
        {
            Assert.Equal(0, Syscall.lchown(path, 65534, 65534));
        }

        var (exit, output) = RunAs(65534, null);
        Assert.True(exit == 3, output);
        Assert.Contains("--state DIR", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(tree.Tree, ".hashstore")));
    }

    private (int Exit, string Output) RunAs(uint user, string? state)
    {
        var start = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        string[] arguments =
        [
            $"--reuid={user}", $"--regid={user}", "--clear-groups", Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            typeof(global::HashStore.Migrate.Program).Assembly.Location, "run", "--root", tree.Tree, "--tables", tree.Folder["tables"], .. state is null ? [] : (string[])["--state", state],
        ];
        Assert.All(arguments, start.ArgumentList.Add);
        start.Environment["HOME"] = tree.Folder.Path;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    private void Make(string what)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(BadPath)!);
        switch (what)
        {
            case "fifo":
                Assert.Equal(0, Syscall.mkfifo(BadPath, FilePermissions.ALLPERMS));
                break;
            case "socket":
                using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                {
                    socket.Bind(new UnixDomainSocketEndPoint(BadPath));
                    _ = Syscall.link(BadPath, BadPath + "~"); // the path goes with the socket
                }

                _ = Syscall.rename(BadPath + "~", BadPath);
                break;
            case "folder":
                tree.File($"{tree.Current(Bad)}/file", "in the folder");
                break;
            default:
                File.CreateSymbolicLink(BadPath, what switch
                {
                    "out" => "/etc/passwd",
                    "loop" => BadPath,
                    "inside" => tree.FullPath(tree.Current(Good)),
                    _ => "/nowhere/at/all",
                });
                break;
        }
    }

    private static void Shell(string command, string argument)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command, "bash", argument]))!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
