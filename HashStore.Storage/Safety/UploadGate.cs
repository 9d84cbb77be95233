using HashStore.Schema;
using HashStore.Storage.Content;
using HashStore.Storage.Staging;

namespace HashStore.Storage.Safety;

/// <summary>What every upload passes before anything of it can be seen: type against extension, the operator's lists, what it holds, the scanner for malware. Nothing is kept of what is refused.</summary>
internal sealed class UploadGate : IDisposable
{
    /// <summary>Types that exist to be run.</summary>
    private static readonly string[] activeTypes =
    [
        "text/html", "application/xhtml+xml", "application/x-php", "text/x-script", "application/x-executable", "application/x-mach-binary", "application/vnd.microsoft.portable-executable", "application/java-vm",
        "application/java-archive", "application/wasm", "application/x-shockwave-flash", "application/x-msi",
    ];

    /// <summary>Names by which web servers or systems run a file, whatever is in it (MediaWiki's $wgProhibitedFileExtensions).</summary>
    private static readonly TypeList activeNames = TypeList.Parse(
        [".html .htm .js .jsb .mhtml .mht .xhtml .xht .php .phtml .php3 .php4 .php5 .phps .phar .shtml .jhtml .pl .py .cgi .exe .scr .dll .msi .vbs .bat .com .pif .cmd .vxd .cpl .hta .lnk .jar .ps1 .wsf .jse"]);

    private readonly UploadRules rules;
    private readonly TimeProvider clock;
    private readonly CommandScanner? scanner;

    /// <summary>Drawings are looked through by as many threads as there are cores, two at least: that bounds the memory too.</summary>
    private readonly SemaphoreSlim drawings = new(Math.Max(2, Environment.ProcessorCount));

    internal UploadGate(UploadRules rules, TimeProvider clock)
    {
        this.rules = rules;
        this.clock = clock;
        scanner = rules.Scanner is null ? null : new CommandScanner(rules.Scanner);
    }

    /// <summary>Lets an upload pass.</summary>
    /// <returns>What it holds that is served as an attachment only; null: nothing.</returns>
    /// <exception cref="StoreException">It is refused, or could not be looked at.</exception>
    internal async Task<Risk?> CheckAsync(StagedFile staged, FileName name)
    {
        CheckName(name, staged.Type.Mime, staged.Type.Charset);
        var risk = OfType(staged.Type.Mime, name) ?? staged.Risk ?? await OfDrawingAsync(staged);
        if (risk is not null && rules.Policy == UploadPolicy.Refuse)
        {
            throw new StoreException(StoreFault.Unsafe, $"The content ({staged.Type.Mime}) was refused for its safety: {risk.What}; nothing was kept. {risk.Advice}");
        }

        if (scanner is not null)
        {
            await scanner.CheckAsync(staged.Path, name);
        }

        return risk;
    }

    /// <summary>Whether a content may have a name.</summary>
    /// <exception cref="StoreException">It may not.</exception>
    internal void CheckName(FileName name, string mime, string? charset)
    {
        if (MediaTypes.Present(mime, charset, name.Value) is not { } presentation)
        {
            throw new StoreException(
                StoreFault.ExtensionMismatch, $"The content is {mime}, which the extension .{name.Extension} contradicts; nothing was kept. Give the name the extension of its content.");
        }

        var served = presentation.ContentType.Split(';')[0];
        if (rules.Deny.FindPart(name) is { } part)
        {
            throw new StoreException(StoreFault.TypeRefused, $"Names with .{part} are not taken here (setting Uploads:Deny); nothing was kept.");
        }

        if (rules.Deny.HasType(mime) || rules.Deny.HasType(served))
        {
            throw new StoreException(StoreFault.TypeRefused, $"Content of the type {mime} is not taken here (setting Uploads:Deny); nothing was kept.");
        }

        if (!rules.Allow.IsEmpty && !IsAllowed(mime, served, name))
        {
            throw new StoreException(StoreFault.TypeRefused, $"Content of the type {mime} as .{name.Extension} is not among what is taken here (setting Uploads:Allow); nothing was kept.");
        }
    }

    public void Dispose()
    {
        drawings.Dispose();
        scanner?.Dispose();
    }

    /// <summary>Types that run matter only where risks are refused: elsewhere they are attachments by their type. What the operator lists by name is wanted.</summary>
    private Risk? OfType(string mime, FileName name)
    {
        if (rules.Policy != UploadPolicy.Refuse || rules.Allow.HasType(mime) || rules.Allow.HasExtension(name))
        {
            return null;
        }

        return Array.IndexOf(activeTypes, mime) >= 0 ? new(RiskKind.ActiveType, "its type is one that browsers or systems run")
            : activeNames.FindPart(name) is { } part ? new(RiskKind.ActiveType, $"a name with .{part} is one that browsers, web servers or systems run")
            : null;
    }

    private bool IsAllowed(string mime, string served, FileName name) => rules.Allow.HasType(mime) || rules.Allow.HasType(served) || rules.Allow.HasExtension(name);

    private async Task<Risk?> OfDrawingAsync(StagedFile staged)
    {
        if (staged.Type.Mime != "image/svg+xml")
        {
            return null;
        }

        await drawings.WaitAsync();
        try
        {
            return await Task.Run(() =>
            {
                using var content = File.OpenRead(staged.Path);
                return SvgScan.Of(content, staged.Size, new SvgLimits(rules.MaxSvgBytes, SvgLimits.DefaultMaxDepth, SvgLimits.DefaultTime), clock);
            });
        }
        finally
        {
            drawings.Release();
        }
    }
}
