using System.Diagnostics;

namespace HashStore.Tests.Support;

/// <summary>A small file system of its own in memory (tmpfs), which can be filled up and mounted read-only. Needs root.</summary>
internal sealed class MemoryFileSystem : IDisposable
{
    private readonly TempFolder folder = new();

    internal MemoryFileSystem(int mebibytes) => Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m,mode=0755", "tmpfs", folder.Path);

    internal string Path => folder.Path;

    internal void MakeReadOnly() => Run("mount", "-o", "remount,ro", folder.Path);

    public void Dispose()
    {
        Run("umount", "--lazy", folder.Path);
        folder.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
        }
    }

    /// <summary>Takes all the space that is left.</summary>
    /// <returns>The file that takes it; removing it gives it back.</returns>
    internal string Fill()
    {
        var path = System.IO.Path.Combine(Path, "filler");
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        for (var (length, piece) = (0L, new byte[1 << 20]); piece.Length > 0;)
        {
            try
            {
                RandomAccess.Write(file, piece, length);
                length += piece.Length;
            }
            catch (IOException)
            {
                piece = new byte[piece.Length / 2];
            }
        }

        return path;
    }
}
