using HashStore.Schema;
using HashStore.Server.Api;
using HashStore.Server.Objects;
using HashStore.Storage;
using HashStore.Storage.Objects;
using HashStore.Storage.Serving;
using HashStore.Storage.Thumbnails;
using HashStore.Storage.Thumbnails.Rendering;

namespace HashStore.Server.Thumbnails;

/// <summary>
/// Answers with a thumbnail, at whatever address it was asked for. What lies on the disk comes before every rule; then the rules say whether it may be made, or where to go instead.
/// </summary>
internal sealed class ThumbnailAnswers(Store store, ThumbnailMaker maker, SvgLanguages languages, FileView view, ServerSettings settings)
{
    /// <summary>All thumbnails can be removed at any time, also in the moment between making and opening one; it is looked for again, so often.</summary>
    private const int MaxTries = 3;

    private readonly ThumbRules rules = settings.Thumbnails.Rules;
    private readonly bool negotiates = settings.Thumbnails.WebP;
    private readonly string redirectCaching = settings.ReadAccess == ReadAccess.Token ? ObjectAnswer.PrivateShortCaching : ObjectAnswer.PublicShortCaching;

    /// <summary>Answers.</summary>
    /// <param name="http">The request.</param>
    /// <param name="address">What it asks for.</param>
    /// <param name="manner">How the address answers.</param>
    /// <param name="linked">The place that a link in the legacy tree leads to from here, if one does: that thumbnail is made again in whatever width.</param>
    internal async Task AnswerAsync(HttpContext http, ThumbnailAddress address, AddressManner manner, ThumbPath? linked = null)
    {
        if (negotiates)
        {
            http.Response.Headers.Vary = "Accept";
        }

        using var there = linked is null ? null : maker.Open(linked.Value);
        if (there is not null)
        {
            await SendAsync(http, there, address, address.File, manner);
            return;
        }

        if (await ReadAsync(address, linked is not null, http.RequestAborted) is not { } asked)
        {
            await new Problem(404, "No thumbnail is called so: PARAMETERS-NAME, such as 500px-Name.jpg or page2-500px-Name.pdf.jpg.").WriteAsync(http);
            return;
        }

        var webP = negotiates && AcceptField.Takes(http.Request.Headers.Accept.ToString(), "image/webp") ? asked.InWebP : null;
        for (var tries = 0; tries < MaxTries; tries++)
        {
            if (tries > 0 && (await store.Objects.FindAsync(address.Shown.Key)).Found is { } now && now.Key != address.Shown.Key)
            {
                // The object got a longer key under way, and its thumbnails with it.
                (address, asked) = (address with { Shown = now }, asked.At(now.Key));
            }

            if (webP is { } better)
            {
                using var thumb = await OpenOrMakeAsync(address.Shown, better, http.RequestAborted);
                if (thumb is not null)
                {
                    await SendAsync(http, thumb, address, $"{address.File}.webp", manner);
                    return;
                }
            }

            using (var thumb = OpenAny(address.Shown.Key, asked))
            {
                if (thumb is not null)
                {
                    await SendAsync(http, thumb, address, address.File, manner);
                    return;
                }
            }

            if (await AnswerWithoutAsync(http, address, asked))
            {
                return;
            }
        }

        await new Problem(503, "The thumbnail was removed each time as soon as it was made. Try again.").WriteAsync(http);
    }

    /// <summary>The address of a thumbnail of an original in some width, or of what there is instead.</summary>
    /// <exception cref="ProblemException">404: it has no thumbnails.</exception>
    internal string UrlOf(ServedObject shown, FileName original, int width)
    {
        var (folder, asked) = (ThumbnailAddress.FolderOf(settings.UploadPath, shown.Key), ThumbRules.Usual(shown.Mime, width));
        if (ThumbRules.FormatOf(shown.Mime, asked) is { } format)
        {
            using var there = maker.Open(new ThumbPath(shown.Key, asked.ToString(), format.Extension()));
            if (there is not null)
            {
                return folder + UrlSegment.Encode(ThumbName.Of(asked, original.Value, format));
            }
        }

        return rules.Decide(shown, asked) switch
        {
            ThumbRuling.Make make => folder + UrlSegment.Encode(ThumbName.Of(make.Parameters, original.Value, make.Format)),
            ThumbRuling.Other other => folder + UrlSegment.Encode(ThumbName.Of(other.Parameters, original.Value, other.Format)),
            ThumbRuling.Unknown unknown => throw new ProblemException(404, unknown.Reason),
            _ => view.UrlOf(shown.Key, original),
        };
    }

    /// <summary>What is asked for, and what the rules say of it; null when it is not the name of a thumbnail at all.</summary>
    private async Task<AskedThumbnail?> ReadAsync(ThumbnailAddress address, bool isLinked, CancellationToken cancellation)
    {
        if (address.Read() is not { } name)
        {
            return null;
        }

        var exact = name.PlaceOf(address.Shown.Key);
        if (!ThumbParameters.TryParse(name.Parameters, out var parameters))
        {
            return new AskedThumbnail(exact, null, "", new ThumbRuling.Unknown("Thumbnails have no such parameters."));
        }

        if (ThumbRules.FormatOf(address.Shown.Mime, parameters.Value) is not { } format || await address.OriginalInAsync(name, format, store.Objects) is not { } original)
        {
            return new AskedThumbnail(exact, null, "", new ThumbRuling.Unknown($"There are no thumbnails of {address.Shown.Mime} with such a name."));
        }

        var ruling = isLinked ? rules.DecideLinked(address.Shown, parameters.Value) : rules.Decide(address.Shown, parameters.Value);
        if (parameters.Value.Language is { } language && ruling is ThumbRuling.Make or ThumbRuling.Other && !await languages.HasAsync(address.Shown, language, cancellation))
        {
            ruling = rules.Decide(address.Shown, parameters.Value with { Language = null }) switch
            {
                ThumbRuling.Make make => new ThumbRuling.Other(make.Parameters, make.Format),
                var other => other,
            };
        }

        return new AskedThumbnail(exact, exact with { Extension = format.Extension() }, original, ruling);
    }

    /// <summary>What lies on the disk, under the name as it was asked for or under the one that the store gives.</summary>
    private PlainFile? OpenAny(ContentKey key, AskedThumbnail asked) =>
        maker.Open(asked.Exact with { Key = key }) ?? (asked.Own is { } own && own != asked.Exact ? maker.Open(own) : null);

    /// <summary>A thumbnail that is there or can be made; null: neither.</summary>
    private async Task<PlainFile?> OpenOrMakeAsync(ServedObject shown, ThumbRuling.Make make, CancellationToken cancellation)
    {
        var place = new ThumbPath(shown.Key, make.Parameters.ToString(), make.Format.Extension());
        return maker.Open(place) is { } there ? there
            : await maker.MakeAsync(shown, make.Parameters, make.Format, cancellation) is RenderResult.Made ? maker.Open(place)
            : null;
    }

    /// <summary>Answers where no thumbnail is on the disk.</summary>
    /// <returns>False when one was made and has to be opened.</returns>
    private async Task<bool> AnswerWithoutAsync(HttpContext http, ThumbnailAddress address, AskedThumbnail asked)
    {
        var ruling = asked.Ruling;
        if (ruling is ThumbRuling.Make make)
        {
            var result = await maker.MakeAsync(address.Shown, make.Parameters, make.Format, http.RequestAborted);
            if (result is RenderResult.Made)
            {
                return false;
            }

            if (result is not RenderResult.NotScaled)
            {
                await ProblemOf(result).WriteAsync(http);
                return true;
            }

            ruling = new ThumbRuling.Original();
        }

        if (ruling is ThumbRuling.Unknown unknown)
        {
            await new Problem(404, unknown.Reason).WriteAsync(http);
            return true;
        }

        http.Response.Headers.CacheControl = redirectCaching;
        http.Response.Redirect(ruling is ThumbRuling.Other other
            ? address.UrlOf(other.Parameters, asked.Original, other.Format)
            : view.UrlOf(address.Shown.Key, FileName.FromStored(address.NameOf(asked.Original))));
        return true;
    }

    private static Problem ProblemOf(RenderResult? result) => result switch
    {
        RenderResult.TooLarge large => new Problem(422, large.Limit),
        RenderResult.Broken broken => new Problem(422, broken.Reason),
        RenderResult.Busy busy => new Problem(503, "Too many thumbnails are being made. Try again.", RetryAfter: busy.RetryAfter),
        RenderResult.Unsupported unsupported => new Problem(501, unsupported.Remedy),
        RenderResult.NoSuchPage => new Problem(404, "The document has no such page."),
        _ => new Problem(410, "This content is deleted."),
    };

    private Task SendAsync(HttpContext http, PlainFile thumb, ThumbnailAddress address, string name, AddressManner manner)
    {
        if (address.Original is not null)
        {
            http.Response.Headers.Link = $"<{ThumbnailAddress.FolderOf(settings.UploadPath, address.Shown.Key)}{UrlSegment.Encode(address.File)}>; rel=\"canonical\"";
        }

        return AnswerHead.Write(http, thumb, thumb.PresentAs(name), HttpMethods.IsGet(http.Request.Method), manner, out var answer) ?? AnswerBody.SendAsync(http, null, thumb.Bytes, answer);
    }

    /// <summary>What a request asks for.</summary>
    /// <param name="Exact">The place that the name spells: of a legacy thumbnail, perhaps.</param>
    /// <param name="Own">The place that the store gives; null where the name is not one that it makes.</param>
    /// <param name="Original">The original's name.</param>
    /// <param name="Ruling">What may be done where nothing is there.</param>
    private sealed record AskedThumbnail(ThumbPath Exact, ThumbPath? Own, string Original, ThumbRuling Ruling)
    {
        /// <summary>The same under the key that the object has now.</summary>
        internal AskedThumbnail At(ContentKey key) => this with { Exact = Exact with { Key = key }, Own = Own is { } own ? own with { Key = key } : null };

        /// <summary>The same in WebP, where the usual format is one that it takes the place of.</summary>
        internal ThumbRuling.Make? InWebP => Ruling is ThumbRuling.Make { Format: ThumbnailFormat.Jpeg or ThumbnailFormat.Png } make ? make with { Format = ThumbnailFormat.WebP } : null;
    }
}
